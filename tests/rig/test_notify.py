"""What systemd hears of a process, over a socket like its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.notify import ServiceManager
from tests.rig.rig_process import RigProcess


@pytest.fixture
def manager_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "s"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "s"))
        yield manager


def test_the_first_progress_says_ready_and_every_one_feeds_the_watchdog(manager_socket: socket.socket):
    process = ServiceManager()
    process.progress()
    process.progress()
    assert [manager_socket.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


@pytest.mark.system
@pytest.mark.parametrize("command", ["camera", "agent", "uploader"])
def test_every_process_says_ready_and_goes_on_telling(manager_socket: socket.socket, rig_process: RigProcess, command: str):
    rig_process.configure('source = "pattern"\nwidth_px = 160\nheight_px = 90')
    manager_socket.settimeout(30)
    process = rig_process.launch(command)
    heard = [manager_socket.recv(100) for _ in range(3)]
    assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    process.terminate()
    assert process.wait(20) == 0


def test_outside_of_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager().progress()
