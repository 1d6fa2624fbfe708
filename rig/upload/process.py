"""The uploader process: wires outbox, uploader, heartbeat and news. It may be killed at any moment."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil

from rig.notify import ServiceManager
from rig.outbox.journal import JOURNAL_NAME, Journal, set_aside
from rig.settings import HubSettings, RigSettings
from rig.settings_file import SettingsFile
from rig.upload.activity import TELL_EVERY_S, ActivityTeller
from rig.upload.heartbeat import BEAT_EVERY_S, Heartbeat
from rig.upload.lock import only_uploader
from rig.upload.news_fetching import LOOK_FOR_NEWS_EVERY_S, NewsFetcher
from rig.upload.recording_watch import LISTEN_AGAIN_AFTER_S, RecordingWatch
from rig.upload.repeating import Repeating
from rig.upload.settings_watch import LOOK_AT_SETTINGS_EVERY_S, SettingsWatch
from rig.upload.traffic import Traffic
from rig.upload.uploader import Uploader, is_out_of_space, reserve_of
from shared.client import Hub
from shared.clock import NANOSECONDS, Clock, SystemClock
from shared.faults import OUTBOX_UNREADABLE, TOKEN_REFUSED, GrimaceError

log = logging.getLogger(__name__)

NICENESS = 10

EXIT_START_ME_AGAIN = 75
"""The settings changed (`sysexits.h`: EX_TEMPFAIL)."""


def run_uploader(settings: RigSettings, file: SettingsFile) -> None:
    """Upload until SIGTERM or SIGINT, which end the process at once: every step is made to be cut off.

    It ends as well when the settings in `file` change, with EXIT_START_ME_AGAIN.
    Raises GrimaceError(E_OUTBOX_BUSY) when another uploader works on the same data folder.
    """
    for number, status in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGUSR1, EXIT_START_ME_AGAIN)):
        signal.signal(number, partial(_end, status))
    _give_way_to_the_recording()
    with only_uploader(settings.data_folder), open_journal(settings.data_folder / JOURNAL_NAME) as journal:
        watch = RecordingWatch(settings.data_folder)
        progress = Progress(ServiceManager(), SystemClock())
        traffic = Traffic(settings.upload, watch.is_recording, SystemClock(), progress.pause, progress.tell)
        connect = partial(connect_to_hub, settings.hub) if settings.hub else _no_hub
        for thread in _threads(settings, file, watch, traffic, connect):
            thread.start()
        watch.wait_for_first_word()
        Uploader(settings, journal, connect, traffic, SystemClock(), progress.pause).run()


def _threads(
    settings: RigSettings, file: SettingsFile, watch: RecordingWatch, traffic: Traffic, connect: Callable[[], Hub]
) -> Iterator[Repeating]:
    """What goes on beside the uploading."""
    folder, journal_path, clock = settings.data_folder, settings.data_folder / JOURNAL_NAME, SystemClock()
    yield Repeating("recording watch", watch.listen, LISTEN_AGAIN_AFTER_S)
    yield Repeating("activity", ActivityTeller(folder, traffic, clock).tell, TELL_EVERY_S)
    yield Repeating("settings watch", SettingsWatch(settings, file, _start_again).look, LOOK_AT_SETTINGS_EVERY_S)
    if settings.hub is not None:
        yield Repeating("heartbeat", Heartbeat(folder, journal_path, connect).beat, BEAT_EVERY_S)
        yield Repeating("news", NewsFetcher(folder, journal_path, connect, clock).fetch, LOOK_FOR_NEWS_EVERY_S)


class Progress:
    """Tells systemd that the uploader's work goes on: once a second at most, and from where it works.

    The longest silence is a request that the hub does not answer (`shared.client`: half a minute): WatchdogSec must be more.
    """

    def __init__(self, manager: ServiceManager, clock: Clock) -> None:
        self._manager = manager
        self._clock = clock
        self._due_ns = 0

    def tell(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + NANOSECONDS
            self._manager.progress()

    def pause(self, seconds: float) -> None:
        self.tell()
        time.sleep(seconds)


def _end(status: int, *_: object) -> None:
    sys.exit(status)


def _start_again() -> None:
    os.kill(os.getpid(), signal.SIGUSR1)  # the main thread is the one that has to end


def connect_to_hub(hub: HubSettings) -> Hub:
    """A connection with the token as it is now in its file; raises GrimaceError(E_TOKEN_REFUSED) when there is none."""
    try:
        token = hub.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise GrimaceError(TOKEN_REFUSED, f"the token cannot be read: {error}") from error
    return Hub(hub.url, token)


def open_journal(path: Path) -> Journal:
    """The journal; one that cannot be read is put aside, and a new one is filled from the session folders.

    On a full disk not even opening it works: the space set aside makes room, and the uploader's first step more of it.
    """
    try:
        return Journal(path)
    except sqlite3.OperationalError as error:
        if not is_out_of_space(path.parent) or not reserve_of(path.parent).release():
            raise
        log.warning("the disk is full (%s): the space set aside is used to open the journal", error)
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
