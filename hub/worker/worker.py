"""A worker, put together: a loop that works until nothing is left, and a doorbell that wakes it."""

from __future__ import annotations

import threading

from hub.analyses.doorbell import Listener, make_celery
from hub.bell import Bell, Loop
from hub.worker.inference import InferenceProcess
from hub.worker.port import HubPort
from hub.worker.runner import Runner, WorkerSettings

LOOK_EVERY_S = 3.0
"""Without a broker: how often the hub is asked for work."""
LOOK_EVERY_WITH_BROKER_S = 30.0
"""With one: in case a ring was lost or the broker is away."""
GIVES_BACK_WITHIN_S = 20.0


class Worker:
    """Scores from `start` to `stop`. `stopping` is the event with which its port waits, so that stopping wakes it."""

    def __init__(self, port: HubPort, settings: WorkerSettings, broker_url: str | None, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._inference = InferenceProcess()
        bell = Bell()
        self._listener = Listener(make_celery(broker_url), bell) if broker_url else None
        runner = Runner(port, self._inference, settings, stopping)
        every_s = LOOK_EVERY_WITH_BROKER_S if broker_url else LOOK_EVERY_S
        self._loop = Loop("scoring", runner.work_until_none, bell, every_s)

    def start(self) -> None:
        self._loop.start()
        if self._listener is not None:
            self._listener.start()

    def stop(self) -> None:
        """Give back what is in hand and end the child."""
        self._stopping.set()
        if self._listener is not None:
            self._listener.stop()
        self._loop.stop(GIVES_BACK_WITHIN_S)
        self._inference.close()
