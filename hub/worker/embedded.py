"""The worker within a hub process: with it, one process stores and scores."""

from __future__ import annotations

import socket
import threading

from hub.context import Hub
from hub.worker.local_port import LocalPort
from hub.worker.runner import WorkerSettings
from hub.worker.worker import Worker


def embedded_worker(hub: Hub) -> Worker:
    """The worker that the hub's settings ask for, ready to be started."""
    settings = WorkerSettings(
        name=f"hub on {socket.gethostname()}",
        work_folder=hub.storage.work,
        builds_folder=hub.settings.builds_folder,
        threads=hub.settings.worker_threads,
    )
    return Worker(LocalPort(hub), settings, hub.settings.broker_url, threading.Event())
