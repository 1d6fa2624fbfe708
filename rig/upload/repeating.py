"""A thread that does one thing again and again while the process lives, and says when it cannot."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from shared.faults import GrimaceError

log = logging.getLogger(__name__)


class Repeating(threading.Thread):
    """Calls `task` every `every_s` until it is stopped. A failed task is tried again; each new failure is one line in the log."""

    def __init__(self, name: str, task: Callable[[], None], every_s: float) -> None:
        super().__init__(name=name, daemon=True)
        self._task = task
        self._every_s = every_s
        self._ended = threading.Event()
        self._last_failure: str | None = None

    def stop(self) -> None:
        self._ended.set()

    def run(self) -> None:
        while not self._ended.is_set():
            self._try()
            self._ended.wait(self._every_s)

    def _try(self) -> None:
        failure: str | None = None
        try:
            self._task()
        except GrimaceError as error:
            failure = error.fault.code
            if failure != self._last_failure:
                log.warning("no %s: %s", self.name, error)
        except Exception as error:  # a locked journal, a failing disk: it must not be the last time
            failure = type(error).__name__
            if failure != self._last_failure:
                log.exception("no %s", self.name)
        self._last_failure = failure
