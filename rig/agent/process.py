"""The agent process: watches camera process and outbox, and serves screen and broker. It may be killed at any moment."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from rig.agent.board import Board
from rig.agent.desk import Desk
from rig.agent.face_check import FaceCheckChild
from rig.agent.facts import Facts, with_settings_trouble, with_trouble
from rig.agent.last_recording import LastRecording
from rig.agent.planning import Planning
from rig.agent.rig_desk import RigDesk
from rig.agent.settings_watch import LOOK_EVERY_S, SettingsWatch, trouble_of
from rig.agent.showing import Identity
from rig.agent.stand_in import stand_in_settings
from rig.agent.states import AgentPhase
from rig.agent.turn import Turn
from rig.agent.watch import HEALTH_EVERY_S, QUEUE_EVERY_S, CameraWatch, FaultNoteWatch, HealthWatch, QueueWatch
from rig.control import CameraControl
from rig.disk import fault_of
from rig.mqtt.link import MqttLink
from rig.notify import ServiceManager
from rig.screen.installation import Installation
from rig.screen.server import ScreenServer, make_app
from rig.settings import RigSettings
from rig.settings_file import SettingsFile, UsableSettings
from rig.upload.repeating import Repeating
from shared.clock import Clock, SystemClock, boot_id
from shared.faults import GrimaceError

log = logging.getLogger(__name__)

EXIT_RESTART = 75
"""The settings changed: the supervisor starts the agent again (`sysexits.h`: EX_TEMPFAIL, try again)."""

TURN_EVERY_S = 0.5
LISTEN_AGAIN_AFTER_S = 0.1


class AgentPart(Protocol):
    """Something that works beside the agent's turns."""

    def start(self) -> None: ...

    def close(self) -> None: ...


def run_agent(file: SettingsFile) -> int:
    """Run until SIGTERM or SIGINT, or until the settings ask for a restart; returns the exit status.

    Without any settings that can be used, only the screen is served: it says why, and the agent waits for them to be mended.
    """
    with ExitStack() as stack:
        try:
            usable = file.load_usable()
        except GrimaceError as mistake:
            log.error("%s; only the screen is served", mistake)  # noqa: TRY400 - a fault explains itself
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="grimace-"))
            usable = UsableSettings(stand_in_settings(file, Path(folder)), mistake)
        agent = Agent(file, usable, SystemClock())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.ask_to_end(os.EX_OK))
        return agent.run()


class Agent:
    """Wires everything that the agent consists of, and takes its turns; see `run_agent`. People come to its `desk`."""

    def __init__(self, file: SettingsFile, usable: UsableSettings, clock: Clock) -> None:
        settings = usable.settings
        self._end = threading.Event()
        self._status = os.EX_OK
        control = CameraControl(settings.data_folder)
        last = LastRecording(settings.data_folder, clock)
        self._board = Board(_first_facts(file, usable, last, clock), Identity(settings.rig_id, boot_id()), clock)
        watch = SettingsWatch(file, usable, self._board, control, lambda: self.ask_to_end(EXIT_RESTART))
        planning = Planning(self._board, watch.settings, clock)
        self.desk = RigDesk(self._board, control, planning, last, clock)
        mqtt = MqttLink(settings, self.desk, clock)
        self._turn = Turn(self._board, watch.settings, mqtt, planning, clock)
        self._watches = [
            Repeating("camera watch", CameraWatch(self._board, control, last, clock).listen, LISTEN_AGAIN_AFTER_S),
            Repeating("queue", QueueWatch(self._board, watch.settings, last).look, QUEUE_EVERY_S),
            Repeating("health", HealthWatch(self._board, watch.settings, clock).look, HEALTH_EVERY_S),
            Repeating("fault notes", FaultNoteWatch(self._board, settings).look, QUEUE_EVERY_S),
            Repeating("settings watch", watch.look, LOOK_EVERY_S),
        ]
        self._parts: list[AgentPart] = [mqtt]
        if settings.screen.enabled:
            self._parts.append(self._screen(self.desk, file, settings, clock))
        if settings.face_check.enabled:
            self._parts.append(FaceCheckChild(file, clock))

    def _screen(self, desk: Desk, file: SettingsFile, settings: RigSettings, clock: Clock) -> ScreenServer:
        def tell(trouble: GrimaceError | None) -> None:
            if trouble is not None and "screen" not in self._board.facts.troubles:
                log.error("%s. %s", trouble, trouble.fault.remedy)
            self._board.update(lambda facts: with_trouble(facts, "screen", trouble))

        app = make_app(desk, Installation(settings, file, clock))
        return ScreenServer(app, settings.screen, settings.data_folder, tell)

    def ask_to_end(self, status: int) -> None:
        self._status = status
        self._end.set()

    def run(self) -> int:
        """Until somebody asks to end."""
        manager = ServiceManager()
        for watch in self._watches:
            watch.start()
        for part in self._parts:
            part.start()
        try:
            while not self._end.is_set():
                self._turn.take()
                if all(watch.is_alive() for watch in self._watches):
                    manager.progress()
                self._end.wait(TURN_EVERY_S)
        finally:
            for watch in self._watches:
                watch.stop()
            for part in reversed(self._parts):
                part.close()
        return self._status


def _first_facts(file: SettingsFile, usable: UsableSettings, last: LastRecording, clock: Clock) -> Facts:
    now_ns = clock.monotonic_ns()
    facts = Facts(AgentPhase.STARTING, now_ns, heard_again_ns=now_ns, verdict=last.verdict)
    try:
        usable.settings.data_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # the camera process cannot work then; the screen says why
        facts = with_trouble(facts, "data folder", GrimaceError(fault_of(error), f"data_folder: {error}"))
    return facts if usable.mistake is None else with_settings_trouble(facts, trouble_of(file, usable.mistake))
