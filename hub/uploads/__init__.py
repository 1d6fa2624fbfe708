"""The tus 1.0 server: resumable uploads of the files that a session announced."""
