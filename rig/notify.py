"""What a process tells systemd: that it is ready, and that its work goes on (`sd_notify(3)`; units of Type=notify, WatchdogSec=).

Outside of systemd, where NOTIFY_SOCKET is not set, nothing is sent.
"""

from __future__ import annotations

import threading

import sdnotify


class ServiceManager:
    """Tells of one process. `progress` is called when work went on, never by a timer that runs on beside work that hangs."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._lock = threading.Lock()
        self._is_ready = False

    def progress(self) -> None:
        """The work went on; the first time this also says that the process is ready."""
        with self._lock:
            if not self._is_ready:
                self._is_ready = True
                self._notifier.notify("READY=1")
            self._notifier.notify("WATCHDOG=1")

    def status(self, text: str) -> None:
        """A line for `systemctl status`."""
        self._notifier.notify(f"STATUS={text}")
