"""A broker with the shipped files, and a rig that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rig.mqtt.broker import Broker, make_certificates
from tests.rig.mqtt.linked_rig import LinkedRig


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def stopped_broker(tmp_path: Path, certificates: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder, certificates)
    yield broker
    broker.remove()


@pytest.fixture
def broker(stopped_broker: Broker) -> Broker:
    stopped_broker.start()
    return stopped_broker


@pytest.fixture
def new_rig(tmp_path: Path, stopped_broker: Broker) -> Iterator[Callable[..., LinkedRig]]:
    """Makes a rig, not connected yet; a second one is the same rig after a restart."""
    rigs: list[LinkedRig] = []

    def make(**mqtt: Any) -> LinkedRig:
        rigs.append(LinkedRig(tmp_path / "rig", stopped_broker, **mqtt))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.link.close()
