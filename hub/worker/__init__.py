"""The worker: claims analyses, scores them in a child process, and delivers the tables. It knows the hub only through a port."""
