"""The agent: the rig's mind. It watches the camera process and the outbox, and does what people ask for."""
