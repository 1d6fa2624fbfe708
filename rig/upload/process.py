"""The uploader process: wires outbox, uploader and heartbeat. It may be killed at any moment."""

from __future__ import annotations

import logging
import os
import signal
import sys
from functools import partial
from pathlib import Path

import psutil

from rig.outbox.journal import JOURNAL_NAME, Journal, set_aside
from rig.settings import HubSettings, RigSettings
from rig.upload.heartbeat import HeartbeatThread
from rig.upload.lock import only_uploader
from rig.upload.uploader import Uploader
from shared.client import Hub
from shared.clock import SystemClock
from shared.faults import OUTBOX_UNREADABLE, TOKEN_REFUSED, GrimaceError

log = logging.getLogger(__name__)

NICENESS = 10


def run_uploader(settings: RigSettings) -> None:
    """Upload until SIGTERM or SIGINT, which end the process at once: every step is made to be cut off.

    Raises GrimaceError(E_OUTBOX_BUSY) when another uploader works on the same data folder.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    _give_way_to_the_recording()
    journal_path = settings.data_folder / JOURNAL_NAME
    with only_uploader(settings.data_folder), open_journal(journal_path) as journal:
        connect = partial(connect_to_hub, settings.hub) if settings.hub else _no_hub
        if settings.hub is not None:
            HeartbeatThread(settings.data_folder, journal_path, connect).start()
        Uploader(settings, journal, connect, SystemClock()).run()


def connect_to_hub(hub: HubSettings) -> Hub:
    """A connection with the token as it is now in its file; raises GrimaceError(E_TOKEN_REFUSED) when there is none."""
    try:
        token = hub.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise GrimaceError(TOKEN_REFUSED, f"the token cannot be read: {error}") from error
    return Hub(hub.url, token)


def open_journal(path: Path) -> Journal:
    """The journal; one that cannot be read is put aside, and a new one is filled from the session folders."""
    try:
        return Journal(path)
    except GrimaceError as error:
        if error.fault is not OUTBOX_UNREADABLE:
            raise
        log.error("%s; put aside as %s", error, set_aside(path))  # noqa: TRY400 - the fault says it all
        return Journal(path)


def _no_hub() -> Hub:
    raise GrimaceError(TOKEN_REFUSED, "the settings name no hub")


def _give_way_to_the_recording() -> None:
    """Processor and disk are the camera's first; a system that does not let us step back is no reason to stop."""
    try:
        os.nice(max(0, NICENESS - os.nice(0)))
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
    except (OSError, psutil.Error) as error:
        log.info("cannot lower the priority: %s", error)
