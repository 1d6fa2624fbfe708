"""`grimace-demo`: a hub and a rig with a replayed camera on one machine, from the recording to the scores."""

from hub.demo.command import app

__all__ = ["app"]
