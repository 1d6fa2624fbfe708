"""The worker process: scores for a hub on any machine, which it reaches over HTTP only."""

from __future__ import annotations

import fcntl
import logging
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.worker.http_port import HttpPort
from hub.worker.runner import FOLDER_PREFIX, WorkerSettings
from hub.worker.worker import Worker

log = logging.getLogger(__name__)

LOCK_NAME = "worker.lock"


class WorkFolderTaken(Exception):
    """Another worker uses the folder."""


def run_worker(hub_url: str, token: str, broker_url: str | None, settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT, then give back what is in hand. Raises WorkFolderTaken, E_TOKEN_REFUSED, OSError."""
    with own_folder(settings.work_folder):
        stopping, asked_to_stop = threading.Event(), threading.Event()
        worker = Worker(HttpPort(hub_url, token, stopping), settings, broker_url, stopping)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: asked_to_stop.set())
        worker.start()
        log.info("worker started", extra={"hub": hub_url, "worker": settings.name})
        asked_to_stop.wait()
        worker.stop()
        log.info("worker stopped")


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Hold a work folder, cleared of what a killed worker left there; raises WorkFolderTaken."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_NAME).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkFolderTaken(f"another worker works in {folder}; give each its own") from None
        for left_over in folder.glob(f"{FOLDER_PREFIX}*"):
            shutil.rmtree(left_over)
        yield
