"""From camera frames and encoded packets to a sealed session folder, whatever happens on the way."""
