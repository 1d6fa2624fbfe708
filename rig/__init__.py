"""What runs beside the camera: recording, the outbox and the uploader."""
