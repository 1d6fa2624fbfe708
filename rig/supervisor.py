"""Runs the rig's processes on a desk, as systemd does on a rig: starts them, restarts what dies, and ends them together."""

from __future__ import annotations

import logging
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from rig.parent import supervised_environment
from shared.clock import NANOSECONDS, Clock

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 2.0
HEALTHY_AFTER_S = 20.0
"""A process that ran for this long is restarted after the first pause again."""

END_WITHIN_S = 60.0
"""Sealing hashes the whole video; a process that needs longer is killed, and salvage finishes its work at the next start."""

CHECK_EVERY_S = 0.1


def pause_s(deaths_in_a_row: int) -> float:
    """How long to wait before a process that has died so often is started again: doubling, up to two seconds."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** max(0, deaths_in_a_row - 1))


@dataclass(frozen=True)
class ProcessSpec:
    """A process to keep alive."""

    name: str
    command: Sequence[str]


@dataclass
class Kept:
    """A process and how it has fared."""

    spec: ProcessSpec
    process: subprocess.Popen[bytes] | None = None
    started_ns: int = 0
    due_ns: int = 0
    deaths_in_a_row: int = field(default=0)


EXIT_FOR_GOOD = 78
"""A process that ends with it would meet the same again until a person acts (`sysexits.h`: EX_CONFIG)."""


class Supervisor:
    """Keeps processes alive until it is told to end, or until one of them ends for good."""

    def __init__(self, specs: Sequence[ProcessSpec], clock: Clock) -> None:
        self._kept = [Kept(spec) for spec in specs]
        self._clock = clock
        self._end = threading.Event()
        self._ended_for_good = False

    def ask_to_end(self) -> None:
        self._end.set()

    def run(self) -> int:
        """Start everything; return when everything has ended: 0 when told to end, EXIT_FOR_GOOD when a process ended so."""
        try:
            while not self._end.is_set():
                for kept in self._kept:
                    self._look_after(kept)
                self._end.wait(CHECK_EVERY_S)
        finally:
            self._end_all()
        return EXIT_FOR_GOOD if self._ended_for_good else 0

    def _look_after(self, kept: Kept) -> None:
        now_ns = self._clock.monotonic_ns()
        if kept.process is None:
            if now_ns >= kept.due_ns:
                self._start(kept, now_ns)
            return
        status = kept.process.poll()
        if status is None:
            return
        healthy = now_ns - kept.started_ns > HEALTHY_AFTER_S * NANOSECONDS
        kept.deaths_in_a_row = 0 if healthy else kept.deaths_in_a_row
        kept.process = None
        if status == EXIT_FOR_GOOD:
            log.error("%s cannot work here; ending", kept.spec.name)
            self._ended_for_good = True
            self._end.set()
            return
        self._start_later(kept, now_ns, f"ended ({_reason(status)})")

    def _start(self, kept: Kept, now_ns: int) -> None:
        """A machine that is short of memory may refuse one process: that must not end the other, which may be recording."""
        try:
            kept.process = subprocess.Popen(kept.spec.command, start_new_session=True, env=supervised_environment())
        except OSError as error:
            self._start_later(kept, now_ns, f"cannot be started ({error})")
        else:
            kept.started_ns = now_ns

    def _start_later(self, kept: Kept, now_ns: int, why: str) -> None:
        kept.deaths_in_a_row += 1
        pause = pause_s(kept.deaths_in_a_row)
        kept.due_ns = now_ns + round(pause * NANOSECONDS)
        log.warning("%s %s; trying again in %.1f s", kept.spec.name, why, pause)

    def _end_all(self) -> None:
        running = [kept for kept in self._kept if kept.process is not None]
        for kept in running:
            if kept.process is not None:
                kept.process.terminate()
        for kept in running:
            if kept.process is not None:
                _wait_or_kill(kept.spec.name, kept.process)


def _wait_or_kill(name: str, process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        log.warning("%s did not end within %g s: killed", name, END_WITHIN_S)
        process.kill()
        process.wait()


def _reason(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"
