"""A rig in a folder of its own: sessions recorded in this process, or by real processes that can be killed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.bench import Bench
from tests.rig.rig_process import RigProcess


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def rig_process() -> Iterator[RigProcess]:
    """In a short path: local sockets have no room for pytest's long ones."""
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        process = RigProcess(Path(folder))
        yield process
        process.kill_all()
