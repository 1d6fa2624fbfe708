"""Bells between threads, and loops that listen: what must be done stands in the database, a bell only shortens the wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Bell:
    """Wakes a loop; ringing twice before it wakes is ringing once."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def wait(self, timeout_s: float) -> None:
        """Return when rung, or after the time-out at the latest."""
        self._rung.wait(timeout_s)
        self._rung.clear()


class Loop:
    """A thread that does a piece of work whenever its bell rings, and every `every_s` seconds even if nobody rang.

    The work must be repeatable: a failure is logged and the loop goes on with the next round.
    """

    def __init__(self, name: str, work: Callable[[], None], bell: Bell, every_s: float) -> None:
        self._work = work
        self._bell = bell
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Let the current round end and stop."""
        self._stopping.set()
        self._bell.ring()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._work()
            except Exception:
                log.exception("the %s loop failed; it tries again", self._thread.name)
            self._bell.wait(self._every_s)
