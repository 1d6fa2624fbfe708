"""The camera process: owns the camera, records sessions, and answers commands. It may be killed at any moment."""

from __future__ import annotations

import logging
import os
import signal
import threading

import zmq
from pydantic import ValidationError

from rig.camera.backend import CameraBackend, FrameInfo, SmallFrame
from rig.camera.backends import make_camera
from rig.camera.session_keeper import PartBroken, SessionKeeper
from rig.camera.states import RECORDING_PHASES
from rig.camera.watchdog import Heartbeats, Watchdog
from rig.control import COMMAND, Answer, CameraState, MarkerCommand, StartCommand, StopCommand, command_address, state_address
from rig.data_lock import data_lock
from rig.settings import RigSettings
from shared.clock import NANOSECONDS, Clock, SystemClock
from shared.faults import NOT_VALID, Fault, GrimaceError

log = logging.getLogger(__name__)

EXIT_RESTART = 75
"""The supervisor starts the process again, and the session goes on (`sysexits.h`: EX_TEMPFAIL, try again)."""

TELL_EVERY_S = 0.5
POLL_MS = 50


def run_camera(settings: RigSettings) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status. Raises GrimaceError when camera or data folder cannot be had."""
    clock = SystemClock()
    with data_lock(settings.data_folder):
        settings.sessions_folder.mkdir(parents=True, exist_ok=True)
        process = CameraProcess(settings, make_camera(settings, clock), clock)
        signal.signal(signal.SIGTERM, lambda *_: process.ask_to_end())
        signal.signal(signal.SIGINT, lambda *_: process.ask_to_end())
        return process.run()


class FrameRelay:
    """Hears every frame, recorded or not: the camera's heartbeat. While a session runs, its recorder hears them too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.last_frame_ns = clock.monotonic_ns()
        self.keeper: SessionKeeper | None = None

    def on_frame(self, frame: FrameInfo) -> None:
        self.last_frame_ns = self._clock.monotonic_ns()
        running = self.keeper.running if self.keeper is not None else None
        if running is not None:
            running.recorder.on_frame(frame)

    def on_small_frame(self, frame: SmallFrame) -> None:
        """Nobody looks at them yet."""

    def on_fault(self, fault: Fault, detail: str) -> None:
        if self.keeper is not None:
            self.keeper.note_fault(fault, detail)


class CameraProcess:
    """Wires camera, session keeper, watchdog and sockets; see `run_camera`."""

    def __init__(self, settings: RigSettings, camera: CameraBackend, clock: Clock) -> None:
        self._settings = settings
        self._camera = camera
        self._clock = clock
        self._end = threading.Event()
        self._relay = FrameRelay(clock)
        self._keeper = SessionKeeper(settings, camera, camera.open(), clock)
        self._relay.keeper = self._keeper
        self._watchdog = Watchdog(self._heartbeats, self._give_up, clock)
        self._next_tell_ns = 0

    def ask_to_end(self) -> None:
        self._end.set()

    def run(self) -> int:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        commands: zmq.Socket[bytes] = context.socket(zmq.REP)
        states: zmq.Socket[bytes] = context.socket(zmq.PUB)
        commands.bind(command_address(self._settings.data_folder))
        states.bind(state_address(self._settings.data_folder))
        self._camera.start(self._relay)
        self._watchdog.start()
        try:
            while not self._end.is_set():
                self._keeper.advance()
                self._serve(commands, states)
            self._keeper.finish(go_on=lambda: self._serve(commands, states))
        except PartBroken as broken:
            self._give_up(broken.fault, broken.detail)
        self._watchdog.stop()
        self._camera.close()
        context.destroy(linger=0)
        return os.EX_OK

    def _serve(self, commands: zmq.Socket[bytes], states: zmq.Socket[bytes]) -> None:
        if commands.poll(POLL_MS):
            commands.send(self._answer(commands.recv()).model_dump_json().encode())
            self._next_tell_ns = 0
        now_ns = self._clock.monotonic_ns()
        if now_ns >= self._next_tell_ns:
            states.send(self._state().model_dump_json().encode())
            self._next_tell_ns = now_ns + round(TELL_EVERY_S * NANOSECONDS)

    def _answer(self, request: bytes) -> Answer:
        try:
            self._obey(request)
        except GrimaceError as error:
            return Answer(state=self._state(), refused=error.fault.code, detail=error.detail)
        except ValidationError as error:
            return Answer(state=self._state(), refused=NOT_VALID.code, detail=str(error))
        return Answer(state=self._state())

    def _obey(self, request: bytes) -> None:
        command = COMMAND.validate_json(request)
        if isinstance(command, StartCommand):
            self._keeper.start(command)
        elif isinstance(command, StopCommand):
            self._keeper.stop()
        elif isinstance(command, MarkerCommand):
            self._keeper.mark(command.text)

    def _state(self) -> CameraState:
        keeper = self._keeper
        return CameraState(
            rig_id=self._settings.rig_id,
            phase=keeper.phase,
            last_frame_age_s=(self._clock.monotonic_ns() - self._relay.last_frame_ns) / NANOSECONDS,
            recording=keeper.state_of_recording(),
            last_session=keeper.last_session,
            unrepaired=keeper.unrepaired,
            faults=keeper.faults,
        )

    def _heartbeats(self) -> Heartbeats:
        running = self._keeper.running
        if running is None or self._keeper.phase not in RECORDING_PHASES or running.recorder.ended.is_set():
            return Heartbeats(self._relay.last_frame_ns)
        return Heartbeats(self._relay.last_frame_ns, running.recorder.last_packet_ns, running.recorder.progress.last_sync_ns)

    def _give_up(self, fault: Fault, detail: str) -> None:
        """End the process at once: whatever hangs in it may never return. Salvage and the next part do the rest."""
        log.error("%s (%s): %s", fault.text, fault.code, detail)
        self._keeper.abandon_part(fault, detail)
        os._exit(EXIT_RESTART)
