"""A real hub with a rig that it knows, shared by all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import RunningHub
from tests.rig.upload.fault_proxy import FaultProxy
from tests.rig.upload.upload_rig import Rig


@dataclass(frozen=True)
class KnownRig:
    """A running hub, and the token of a rig in it."""

    hub: RunningHub
    token: str

    @property
    def url(self) -> str:
        return self.hub.url

    def stored(self, session_id: str) -> dict[str, bytes]:
        """The session's files as they lie on the hub's disk."""
        folders = list((self.hub.folder / "hub" / "sessions").glob(f"*/{session_id}"))
        return {path.name: path.read_bytes() for folder in folders for path in folder.iterdir()}


def start_hub(folder: Path, **settings: object) -> KnownRig:
    """A hub of its own, that analyses nothing."""
    hub = RunningHub(folder, embedded_worker=False, analyse_at_rate=0, **settings)
    hub.start()
    hub.add_lab()
    return KnownRig(hub, hub.add_rig())


@pytest.fixture(scope="session")
def known_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnownRig]:
    running = start_hub(tmp_path_factory.mktemp("hub"))
    yield running
    running.hub.stop()


@pytest.fixture
def rig(known_rig: KnownRig, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, known_rig.url, known_rig.token)
    yield rig
    rig.journal.__exit__()


@pytest.fixture
def proxied(known_rig: KnownRig, tmp_path: Path) -> Iterator[tuple[Rig, FaultProxy]]:
    with FaultProxy(known_rig.url) as proxy:
        rig = Rig(tmp_path, proxy.url, known_rig.token)
        yield rig, proxy
        rig.journal.__exit__()
