"""Recorded sessions on the hub: announced, received, verified, stored."""
