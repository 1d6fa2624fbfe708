"""The commands of `grimace-rig`, by what they are about; `rig/cli.py` puts them together."""
