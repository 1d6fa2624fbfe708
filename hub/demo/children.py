"""The commands that the demonstration starts: each a process with a log, and all of them ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.faults import PROCESS_ENDED, GrimaceError

END_WITHIN_S = 30.0
"""A rig that is told to end seals its recording first."""
LOG_TAIL_LINES = 12


def command_of(name: str) -> str:
    """The path of one of our commands: it was installed beside this Python."""
    return str(Path(sys.executable).parent / name)


def log_tail(log: Path) -> str:
    """Where the log is, and its last lines."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
    return "\n".join([f"the end of {log}:", *lines])


@dataclass
class Child:
    """A running command. It has its own process group, so that Ctrl-C reaches only the demonstration, which ends it in order."""

    name: str
    popen: subprocess.Popen[str]
    log: Path

    @property
    def status(self) -> int | None:
        """Its exit status, or None while it runs."""
        return self.popen.poll()

    def expect_running(self) -> None:
        """Raise E_PROCESS_ENDED when it does not run any more."""
        if self.status is not None:
            raise GrimaceError(PROCESS_ENDED, f"{self.name} ended with status {self.status}\n{log_tail(self.log)}")

    def end(self) -> None:
        """Ask it to end, and kill it with everything it started when it does not."""
        if self.status is None:
            self.popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(END_WITHIN_S)
        with suppress(ProcessLookupError):  # the usual case: nobody of the group is left
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


@dataclass
class Children:
    """All that was started; leaving the block ends the last one first."""

    logs: Path
    started: list[Child] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for child in reversed(self.started):
            child.end()

    def start(self, name: str, *command: str, environment: Mapping[str, str] | None = None, output: Path | None = None) -> Child:
        """Start a command of ours. What it says goes to its log, or its standard output to the file `output`."""
        log = self.log_of(name)
        with log.open("w") as errors, (output or log).open("w" if output else "a") as standard:
            popen = subprocess.Popen(
                [command_of(command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=standard,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                text=True,
            )
        child = Child(name, popen, log)
        self.started.append(child)
        return child

    def wait_for(self, child: Child) -> int:
        """Wait for a command that ends by itself; its exit status."""
        status = child.popen.wait()
        self.started.remove(child)
        return status

    def log_of(self, name: str) -> Path:
        """The log of the command that was started under this name."""
        return self.logs / f"{name}.log"

    def expect_running(self) -> None:
        """Raise E_PROCESS_ENDED when one of them does not run any more."""
        for child in self.started:
            child.expect_running()
