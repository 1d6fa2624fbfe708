"""The uploader: brings the outbox's sessions to the hub, and shows people how far it is."""
