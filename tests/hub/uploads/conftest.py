"""A hub with two labs, and what lies on its disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub.live_hub import LiveHub
from tests.hub.uploads.tus import Tus

CHECKPOINT_BYTES = 2 * 1024 * 1024


@pytest.fixture
def hub(tmp_path) -> Iterator[LiveHub]:
    """Checkpoints every 2 MiB, and closes connections that are silent for a second."""
    with LiveHub(tmp_path, upload_checkpoint_bytes=CHECKPOINT_BYTES, upload_stall_s=1.0) as running:
        running.add_lab()
        yield running


@pytest.fixture
def rig(hub) -> Tus:
    return Tus(hub.url, hub.add_rig())


@pytest.fixture
def on_disk(hub):
    """The bytes of an unfinished upload that the hub trusts, and those that its file has."""

    def read(upload: str) -> bytes:
        path = hub.parts.storage.incoming_file(upload.rsplit("/", 1)[-1])
        return path.read_bytes() if path.exists() else b""

    return read
