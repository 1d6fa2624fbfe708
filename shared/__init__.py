"""What the rig and the hub agree on: the scale, the documents that pass between them, and the code that reads them."""

__version__ = "0.1.0"
