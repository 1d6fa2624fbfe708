"""Real processes for tests: started, waited for, killed with signal 9, started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests

BIN = Path(sys.executable).parent
Result = TypeVar("Result")


def unused_port() -> int:
    """A TCP port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(observe: Callable[[], Result | None], within_s: float = 30.0, every_s: float = 0.05) -> Result:
    """What `observe` answers as soon as it is true; AssertionError when it is not in time."""
    deadline = time.monotonic() + within_s
    while True:
        seen = observe()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {within_s} s: {observe}"
        time.sleep(every_s)


@dataclass
class Process:
    """A command of ours, with its output in a log file."""

    arguments: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(BIN / self.arguments[0]), *self.arguments[1:]]
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **self.environment}, start_new_session=True
            )

    @property
    def running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def kill(self) -> None:
        """Signal 9 to the process and its children: no chance to tidy up."""
        self._signal(signal.SIGKILL)

    def terminate(self, within_s: float = 20.0) -> int:
        """Ask it to end; its exit code."""
        assert self.popen is not None
        self.popen.terminate()
        return self.popen.wait(within_s)

    def stop(self) -> None:
        """End it, whatever it takes; for fixtures."""
        if self.running:
            self._signal(signal.SIGTERM)
            try:
                self.popen.wait(10)  # type: ignore[union-attr]
            except subprocess.TimeoutExpired:
                self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self.popen is not None
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            return
        if number == signal.SIGKILL:
            self.popen.wait(10)


class RunningHub(Process):
    """`grimace-hub serve` on its own data folder and port."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.port = unused_port()
        self.url = f"http://127.0.0.1:{self.port}"
        chosen = {"data_folder": folder / "hub", "port": self.port, "free_bytes_reserve": 0, **settings}
        environment = {f"GRIMACE_HUB_{name.upper()}": str(value) for name, value in chosen.items()}
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(("grimace-hub", "serve"), folder / "hub.log", environment)

    def start(self) -> None:
        super().start()
        until(self._answers, within_s=60)

    def _answers(self) -> bool:
        assert self.running, self.log.read_text()[-2000:]
        try:
            return requests.get(f"{self.url}/openapi.json", timeout=2).ok
        except requests.RequestException:
            return False

    def command(self, *arguments: str) -> str:
        """Run `grimace-hub …` against this hub's database; its output without the line end."""
        done = subprocess.run(
            [str(BIN / "grimace-hub"), *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def add_lab(self, name: str = "Lab") -> None:
        self.command("lab", "add", name)

    def add_rig(self, name: str = "rig-1", lab: str = "Lab") -> str:
        """A rig's token."""
        return self.command("rig", "add", name, "--lab", lab)

    def add_person(self, email: str = "ada@example.org", lab: str = "Lab", role: str = "supervisor") -> str:
        """A person's API token."""
        self.command("user", "add", email, "--lab", lab, "--role", role)
        return self.command("user", "token", email, "--lab", lab)
