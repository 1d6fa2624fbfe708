"""The camera process: owns the camera, records sessions, and answers commands. It may be killed at any moment."""

from __future__ import annotations

import logging
import os
import signal
import threading

import zmq
from pydantic import ValidationError

from rig.camera.backend import CameraBackend
from rig.camera.backends import make_camera
from rig.camera.picture_watch import PictureWatch
from rig.camera.relay import FrameRelay
from rig.camera.session_keeper import PartBroken, SessionKeeper
from rig.camera.small_frames import SmallFrameSender
from rig.camera.states import RECORDING_PHASES, Phase
from rig.camera.watchdog import Heartbeats, Watchdog
from rig.control import (
    COMMAND,
    Answer,
    CameraState,
    MarkerCommand,
    ObserveCommand,
    PictureState,
    RestartCommand,
    StartCommand,
    StopCommand,
    command_address,
    state_address,
)
from rig.data_lock import data_lock
from rig.fault_note import leave_fault_note, remove_fault_note
from rig.notify import ServiceManager
from rig.recording.reserve import SpaceReserve
from rig.recording.salvage import Resumption, salvage
from rig.settings import RigSettings
from shared.clock import NANOSECONDS, Clock, SystemClock, boot_id
from shared.face_check import FaceObservation
from shared.faults import CAMERA_SETTINGS, NOT_VALID, RECORDING_BUSY, Fault, GrimaceError

log = logging.getLogger(__name__)

EXIT_RESTART = 75
"""The supervisor starts the process again, and the session goes on (`sysexits.h`: EX_TEMPFAIL, try again)."""

TELL_EVERY_S = 0.5
POLL_MS = 50
FIRST_FRAME_WITHIN_S = 1.0
"""So long a start that comes right after the process's own is kept waiting."""


def run_camera(settings: RigSettings) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status. Raises GrimaceError when camera or data folder cannot be had."""
    clock = SystemClock()
    with data_lock(settings.data_folder):
        settings.sessions_folder.mkdir(parents=True, exist_ok=True)
        try:
            process = CameraProcess(settings, make_camera(settings, clock), clock)
        except GrimaceError as error:
            _tell_the_agent(settings, error)
            _seal_what_is_over(settings, clock)
            raise
        remove_fault_note(settings.data_folder, "camera")
        signal.signal(signal.SIGTERM, lambda *_: process.ask_to_end())
        signal.signal(signal.SIGINT, lambda *_: process.ask_to_end())
        return process.run()


def _tell_the_agent(settings: RigSettings, error: GrimaceError) -> None:
    try:
        leave_fault_note(settings.data_folder, "camera", error)
    except OSError:
        log.exception("the agent cannot be told why there is no camera")


def _seal_what_is_over(settings: RigSettings, clock: Clock) -> None:
    """Without a camera nothing can be recorded, but what was recorded need not wait here until somebody mends it."""
    try:
        SpaceReserve.of(settings.data_folder).release()
    except OSError:
        log.exception("nothing can be sealed now")
        return
    salvage(settings.sessions_folder, Resumption(boot_id(), clock.monotonic_ns(), camera_filmed_on=settings.camera.paced))


class CameraProcess:
    """Wires camera, session keeper, watches and sockets; see `run_camera`."""

    def __init__(self, settings: RigSettings, camera: CameraBackend, clock: Clock) -> None:
        self._settings = settings
        self._camera = camera
        self._clock = clock
        self._end = threading.Event()
        self._exit_status = os.EX_OK
        self._record = camera.open()
        self._relay = FrameRelay(clock)
        self._keeper = SessionKeeper(settings, camera, self._record, clock)
        self._relay.keeper = self._keeper
        self._picture = PictureWatch(settings.camera.picture, self._record)
        self._watchdog = Watchdog(self._heartbeats, self._give_up, clock)
        self._manager = ServiceManager()
        self._face: FaceObservation | None = None
        self._next_tell_ns = 0

    def ask_to_end(self) -> None:
        self._end.set()

    def run(self) -> int:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        commands: zmq.Socket[bytes] = context.socket(zmq.REP)
        states: zmq.Socket[bytes] = context.socket(zmq.PUB)
        commands.bind(command_address(self._settings.data_folder))
        states.bind(state_address(self._settings.data_folder))
        small_frames = SmallFrameSender(self._settings.data_folder)
        self._camera.start(self._relay)
        self._watchdog.start()
        try:
            while not self._end.is_set():
                self._keeper.advance()
                self._look_at_picture()
                self._serve(commands, states, small_frames)
            self._keeper.finish(go_on=lambda: self._serve(commands, states, small_frames))
        except PartBroken as broken:
            self._give_up(broken.fault, broken.detail)
        self._watchdog.stop()
        self._camera.close()
        context.destroy(linger=0)
        return self._exit_status

    def _serve(self, commands: zmq.Socket[bytes], states: zmq.Socket[bytes], small_frames: SmallFrameSender) -> None:
        if commands.poll(POLL_MS):
            commands.send(self._answer(commands.recv()).model_dump_json().encode())
            self._next_tell_ns = 0
        if (small := self._relay.take_small_frame()) is not None:
            small_frames.send(small)
        now_ns = self._clock.monotonic_ns()
        if now_ns >= self._next_tell_ns:
            states.send(self._state().model_dump_json().encode())
            self._next_tell_ns = now_ns + round(TELL_EVERY_S * NANOSECONDS)
            self._manager.progress()  # frames, encoder and disk have a watchdog of their own

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
            self._require_picture()
            self._keeper.start(command)
        elif isinstance(command, StopCommand):
            self._keeper.stop()
        elif isinstance(command, MarkerCommand):
            self._keeper.mark(command.text)
        elif isinstance(command, ObserveCommand):
            self._face = command.observation
            self._keeper.observe(command.observation)
        elif isinstance(command, RestartCommand):
            self._restart()

    def _restart(self) -> None:
        if self._keeper.phase is not Phase.IDLE:
            raise GrimaceError(RECORDING_BUSY, self._keeper.phase.value)
        self._exit_status = EXIT_RESTART
        self._end.set()

    def _require_picture(self) -> None:
        """A recording whose picture is not the one asked for would not be comparable: better none."""
        if not self._picture.verifies:
            return
        frame = self._relay.wait_for_first(FIRST_FRAME_WITHIN_S)
        found = "no frame has come yet" if frame is None else self._picture.difference(frame)
        if found:
            raise GrimaceError(CAMERA_SETTINGS, found)

    def _look_at_picture(self) -> None:
        """A picture that changed during a session is set anew by a new process, once: an animal's recording is not given up."""
        frame = self._relay.newest
        found = "" if frame is None else self._picture.look(frame, self._clock.monotonic_ns())
        if found and self._keeper.phase in RECORDING_PHASES and not self._keeper.has_met(CAMERA_SETTINGS):
            raise PartBroken(CAMERA_SETTINGS, found)

    def _state(self) -> CameraState:
        keeper = self._keeper
        return CameraState(
            rig_id=self._settings.rig_id,
            phase=keeper.phase,
            last_frame_age_s=(self._clock.monotonic_ns() - self._relay.last_frame_ns) / NANOSECONDS,
            camera=self._record,
            picture=self._picture_state(),
            face=self._face,
            clock_synchronised=self._clock.synchronised(),
            recording=keeper.state_of_recording(),
            last_session=keeper.last_session,
            unrepaired=keeper.unrepaired,
            faults=keeper.faults,
        )

    def _picture_state(self) -> PictureState | None:
        """None without a frame, and for a camera that reads nothing back: its columns hold neutral values."""
        frame = self._relay.newest
        if frame is None or not self._picture.verifies:
            return None
        return PictureState(
            exposure_us=frame.exposure_us,
            analogue_gain=frame.analogue_gain,
            digital_gain=frame.digital_gain,
            frame_duration_us=frame.frame_duration_us,
            lux=frame.lux,
            focus=frame.focus,
            sensor_temperature_c=frame.sensor_temperature_c,
            colour_gains=frame.colour_gains,
            mismatch=self._picture.difference(frame),
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
