"""Rigs as the hub knows them: their heartbeats."""
