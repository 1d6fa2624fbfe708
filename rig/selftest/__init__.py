"""The rig's self-test: a minute is recorded, as a session would be, and judged."""
