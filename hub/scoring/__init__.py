"""From a stored video to scores: which frames, decoded exactly, through which networks. Knows neither web nor database."""
