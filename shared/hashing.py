"""SHA-256 of files, in bounded memory."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of_file(path: Path) -> str:
    """The file's SHA-256 as 64 hex digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_bytes(content: bytes) -> str:
    """The SHA-256 of `content` as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()
