"""The service that stores sessions, dispatches scoring and serves results."""
