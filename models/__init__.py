"""Training, evaluation and the builds: the versioned sets of model files that make scores."""
