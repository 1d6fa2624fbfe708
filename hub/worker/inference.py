"""The parent's side of the inference child: started when needed, kept warm, killed when it must stop, replaced when it dies."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from hub.worker.messages import Advanced, Finished, Job
from hub.worker.port import Check, Interrupted
from shared.api import Failure
from shared.faults import SCORING_FAILED, WORKER_CRASHED

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1
"""How soon an interruption is noticed."""
STALLED_AFTER_S = 300.0
"""A child that reports nothing for this long is stuck; a batch takes seconds even on a slow processor."""
ENDS_WITHIN_S = 10.0


class InferenceProcess:
    """One warm child. Used by one thread."""

    def __init__(self, stalled_after_s: float = STALLED_AFTER_S) -> None:
        self._stalled_after_s = stalled_after_s
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child else None

    def analyse(self, job: Job, on_progress: Callable[[int, int], None], check: Check) -> Finished | Failure:
        """Have a job done. Interrupted (raised by `check`) kills the child and goes on; a dead or stuck child is a Failure."""
        connection = self._ready()
        try:
            connection.send(job)
            return self._follow(connection, on_progress, check)
        except (EOFError, OSError):
            return Failure(code=WORKER_CRASHED.code, detail=f"the inference process {self._kill()}")
        except Interrupted:
            self._kill()
            raise

    def close(self) -> None:
        """End the child, if there is one."""
        self._kill()

    def _follow(self, connection: Connection, on_progress: Callable[[int, int], None], check: Check) -> Finished | Failure:
        heard_at_s = time.monotonic()
        while time.monotonic() - heard_at_s < self._stalled_after_s:
            check()
            if not connection.poll(LOOK_EVERY_S):
                continue
            message = connection.recv()
            if not isinstance(message, Advanced):
                outcome: Finished | Failure = message
                return outcome
            heard_at_s = time.monotonic()
            on_progress(message.done, message.planned)
        self._kill()
        return Failure(code=SCORING_FAILED.code, detail=f"no progress within {self._stalled_after_s:g} s")

    def _ready(self) -> Connection:
        """The connection to a living child."""
        if self._child is not None and self._connection is not None and self._child.poll() is None:
            return self._connection
        self._kill()
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "hub.worker.child", str(theirs.fileno())]
            self._child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        self._connection = Connection(ours.detach())
        log.info("started the inference process", extra={"pid": self._child.pid})
        return self._connection

    def _kill(self) -> str:
        """End the child and say how it ended."""
        child, connection, self._child, self._connection = self._child, self._connection, None, None
        if connection is not None:
            connection.close()
        if child is None:
            return "was not there"
        child.kill()
        status = child.wait(ENDS_WITHIN_S)
        return f"ended with {status}" if status >= 0 else f"was killed by {signal.Signals(-status).name}"
