"""Analyses: one row each, queued, claimed by a worker under a lease, completed once."""
