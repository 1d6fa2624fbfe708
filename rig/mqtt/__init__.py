"""The rig on MQTT: what the lab may watch, and the few commands that are taken from there. Everything works without it."""
