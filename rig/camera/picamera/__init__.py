"""The Raspberry Pi's camera through picamera2, with everything about the picture fixed before it starts."""
