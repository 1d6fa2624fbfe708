"""The face check: how much of the face the camera sees."""
