"""Takes sessions from start to seal for the camera process: one at a time, part by part.

All methods belong to one thread. What takes long (closing, sealing, salvage) runs in the background; `advance` picks it up.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from rig.camera.backend import CameraBackend, RecordedSoFar
from rig.camera.running import Running
from rig.camera.states import RECORDING_PHASES, Occurrence, Phase, next_phase
from rig.control import FinishedSession, RecordingState, StartCommand
from rig.disk import fault_of
from rig.recording.events import Event, fault_event, marker_event
from rig.recording.open_session import OpenSession, SessionFolder
from rig.recording.recorder import Recorder
from rig.recording.reserve import SpaceReserve, space_needed_bytes
from rig.recording.salvage import Resumption, Salvaged, last_sensor_ns, note_afterwards, repair, salvage, set_aside
from rig.recording.sealing import seal
from rig.settings import RigSettings
from shared import __version__
from shared.clock import NANOSECONDS, NANOSECONDS_PER_US, Clock, boot_id
from shared.face_check import FaceObservation
from shared.faults import (
    DISK_FULL,
    DISK_READ_ONLY,
    DISK_STALLED,
    LEDGER_MISMATCH,
    RECORDING_BUSY,
    RECORDING_IDLE,
    Fault,
    GrimaceError,
)
from shared.manifest import CameraRecord, FaultRecord

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 10.0
GIVE_UP_WITHIN_S = 1.0

FIRST_RETRY_S = 5
LAST_RETRY_S = 600
"""Between two salvages of what cannot be repaired yet; the pause doubles from the first to the last."""

DISK_ERRORS = frozenset({DISK_READ_ONLY, DISK_STALLED})
"""Faults of the disk that only the disk can cure: a new camera process would meet the same."""


class PartBroken(Exception):
    """A part ended by a fault that a new process may cure: the session goes on as its next part."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(f"{fault.code}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True)
class BrokenOff:
    """A session that a disk error broke off, and that error, which the disk may not have taken down any more."""

    folder: SessionFolder
    event: Event


class SessionKeeper:
    """See the module. `phase`, `running`, `last_session`, `unrepaired` and `faults` are what the process tells."""

    def __init__(self, settings: RigSettings, camera: CameraBackend, camera_record: CameraRecord, clock: Clock) -> None:
        self.phase = Phase.SALVAGING
        self.running: Running | None = None
        self.last_session: FinishedSession | None = None
        self.unrepaired: tuple[str, ...] = ()
        self._settings = settings
        self._camera = camera
        self._camera_record = camera_record
        self._clock = clock
        self._reserve = SpaceReserve.of(settings.data_folder)
        self._background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sealing")
        self._closing: Future[GrimaceError | None] | None = None
        self._sealing: Future[FinishedSession] | None = None
        self._last_faults: tuple[FaultRecord, ...] = ()
        self._broken_off: BrokenOff | None = None
        self._retries = 0
        self._retry_ns: int | None = None
        self._salvaging: Future[Salvaged] | None = self._background.submit(self._salvage)

    @property
    def faults(self) -> tuple[FaultRecord, ...]:
        """Those of the session that is being recorded or sealed, else of the last one."""
        if self.running is not None:
            return self.running.recorder.progress.tally.faults
        return self._last_faults

    def has_met(self, fault: Fault) -> bool:
        """Whether the session that is being recorded has met this fault before, in any of its parts."""
        return any(record.code == fault.code for record in self.faults)

    # Commands.

    def start(self, command: StartCommand) -> None:
        """Begin a session, and leave nothing of it when that fails: GrimaceError with E_REC_BUSY, a fault of disk or camera."""
        if self.phase is not Phase.IDLE:
            raise GrimaceError(RECORDING_BUSY, self.phase.value)
        session = OpenSession(
            session_id=str(uuid.uuid4()),
            rig_id=self._settings.rig_id,
            software_version=__version__,
            boot_id=boot_id(),
            started_at=self._clock.now(),
            started_monotonic_ns=self._clock.monotonic_ns(),
            planned_s=command.planned_s,
            study=command.study,
            camera=self._camera_record,
            goal=command.goal,
            end_at_goal=command.end_at_goal,
            preflight=command.preflight,
        )
        try:
            self._require_space(command.planned_s)
            self._reserve.fill()
            self._begin_part(SessionFolder.create(self._settings.sessions_folder, session), session, so_far=None)
        except OSError as error:
            self._forget(session)
            raise GrimaceError(fault_of(error), str(error)) from error
        except GrimaceError:
            self._forget(session)
            raise
        self._last_faults = ()
        self._give_up_interrupted_sessions()

    def _forget(self, session: OpenSession) -> None:
        """A refused session must not lie there for salvage, which would go on with it after a restart."""
        shutil.rmtree(self._settings.sessions_folder / session.session_id, ignore_errors=True)
        with contextlib.suppress(OSError):  # the disk's fault is told already
            self._reserve.release()

    def _give_up_interrupted_sessions(self) -> None:
        """Whoever starts a new session has given up those that a disk error interrupted: none must go on after this one."""
        for session_id in self.unrepaired:
            _mark_as_over(SessionFolder(self._settings.sessions_folder / session_id))

    def stop(self) -> None:
        """End the recording; raises GrimaceError(E_REC_IDLE)."""
        running = self._running_now()
        running.recorder.end_now()
        _mark_as_over(running.folder)

    def mark(self, text: str) -> None:
        """Put a marker into the session's events; raises GrimaceError(E_REC_IDLE)."""
        self._running_now().recorder.note(marker_event(self._clock, text))

    def note_fault(self, fault: Fault, detail: str) -> None:
        """From any thread: tell of a fault that does not end the recording, and note it in the session that is recorded."""
        event = fault_event(self._clock, fault, detail)
        if self.running is not None and self.phase in RECORDING_PHASES:
            self.running.recorder.note(event)
        else:
            self._last_faults = (*self._last_faults, event.fault_record)

    def observe(self, seen: FaceObservation) -> None:
        """While a session is recorded, note in it what the face check saw."""
        if self.running is not None and self.phase in RECORDING_PHASES:
            self.running.recorder.note_check(seen)

    def _running_now(self) -> Running:
        if self.running is None or self.phase not in RECORDING_PHASES:
            raise GrimaceError(RECORDING_IDLE, self.phase.value)
        return self.running

    def _require_space(self, planned_s: float) -> None:
        needed = space_needed_bytes(planned_s, self._settings.camera.bitrate_bps)
        free = shutil.disk_usage(self._settings.data_folder).free
        if free < needed:
            raise GrimaceError(DISK_FULL, f"{needed / 1e9:.2f} GB are needed for {planned_s:g} s, {free / 1e9:.2f} GB are free")

    # What happens by itself.

    def advance(self) -> None:
        """Do what has become due; raises PartBroken."""
        if self._salvaging is not None and self._salvaging.done():
            salvaging, self._salvaging = self._salvaging, None
            self._after_salvage(salvaging)
        elif self._closing is not None and self._closing.done():
            closing, self._closing = self._closing, None
            self._after_close(closing.result())
        elif self._sealing is not None and self._sealing.done():
            sealing, self._sealing = self._sealing, None
            self._after_seal(sealing.result())
        elif self.running is not None and self.phase in RECORDING_PHASES and self._closing is None:
            self._advance_recording(self.running)
        elif self.phase is Phase.IDLE and self._retry_ns is not None and self._clock.monotonic_ns() > self._retry_ns:
            self._occur(Occurrence.RETRIED)
            self._salvaging = self._background.submit(self._salvage)

    def _advance_recording(self, running: Running) -> None:
        if self.phase is Phase.OPENING and running.recorder.progress.frames_durable > 0:
            self._occur(Occurrence.FRAMES_ON_DISK)
        if running.recorder.ended.is_set():
            self._closing = self._background.submit(self._close, running.recorder)

    def _begin_part(self, folder: SessionFolder, session: OpenSession, so_far: RecordedSoFar | None) -> None:
        part = max((part.number for part in session.parts), default=0) + 1
        recorder = Recorder(folder, session, part, self._reserve, self._clock)
        recorder.start()
        self.running = Running(folder, recorder, part)  # before the first packet: its frame must be heard, too
        try:
            self._camera.start_encoder(recorder, so_far)
        except BaseException:
            self.running = None
            recorder.close(GIVE_UP_WITHIN_S)
            raise
        self._occur(Occurrence.BEGUN)
        log.info("recording session %s, part %d", session.session_id, part)

    def _after_close(self, failure: GrimaceError | None) -> None:
        assert self.running is not None, "it is closed while it runs"
        if failure is not None and failure.fault in DISK_ERRORS:
            self._break_off(self.running, failure)
            return
        if failure is not None and failure.fault is not DISK_FULL:
            raise PartBroken(failure.fault, failure.detail)
        _mark_as_over(self.running.folder)
        self._occur(Occurrence.OVER)
        self._sealing = self._background.submit(self._seal, self.running)

    def _break_off(self, running: Running, failure: GrimaceError) -> None:
        """The disk met an error. The session stays as it is until the disk answers again: a new process could do no better."""
        event = fault_event(self._clock, failure.fault, failure.detail)
        faults = running.recorder.progress.tally.faults
        self._broken_off = BrokenOff(running.folder, event)
        self._occur(Occurrence.BROKEN_OFF)
        self.running = None
        self.last_session = self._unfinished(running.folder, "unsealed", failure)
        self._last_faults = (*faults, event.fault_record)
        self._retry_later()

    def _after_seal(self, finished: FinishedSession) -> None:
        self.last_session, self._last_faults = finished, finished.faults
        self.running = None
        self._occur(Occurrence.SEALED)
        if finished.outcome == "unsealed":
            self._retry_later()

    def _after_salvage(self, salvaging: Future[Salvaged]) -> None:
        self._occur(Occurrence.SALVAGED)
        try:
            salvaged = salvaging.result()
        except OSError as error:
            self._disk_does_not_answer(error)
            return
        self.unrepaired = tuple(salvaged.failed)
        for manifest in salvaged.sealed:
            self.last_session = FinishedSession.sealed_in(self._settings.sessions_folder / manifest.session_id, manifest)
            self._last_faults = manifest.faults
        for session_id in salvaged.empty:
            self.last_session = FinishedSession(session_id=session_id, outcome="empty", folder=self._settings.data_folder)
        if self._broken_off is not None and self._broken_off.folder.session_id not in salvaged.failed:
            self._broken_off = None
        if salvaged.failed:
            self._retry_later()
        elif salvaged.continues is None:
            self._retries, self._retry_ns = 0, None
        if salvaged.continues is not None:
            self._continue(salvaged.continues)

    def _continue(self, folder: SessionFolder) -> None:
        """Go on with a session that was interrupted. When its files or its disk do not let us, salvage tries again."""
        try:
            self._reserve.fill()
            session = folder.load()
            last_ns = last_sensor_ns(folder)
            so_far = None
            if session.first_sensor_ns is not None:
                reached_ns = last_ns or session.first_sensor_ns
                so_far = RecordedSoFar(session.first_sensor_ns // NANOSECONDS_PER_US, reached_ns // NANOSECONDS_PER_US)
            self._begin_part(folder, session, so_far)
        except OSError as error:
            self.unrepaired = (*self.unrepaired, folder.session_id)
            self._disk_does_not_answer(error)
        except ValueError as error:  # a document or a ledger that cannot be what was written
            log.warning("session %s does not go on: %s", folder.session_id, error)
            self._seal_instead()
        except GrimaceError as error:
            if error.fault is not DISK_FULL:
                self._note_before_the_end(folder, error)
                raise PartBroken(error.fault, error.detail) from error
            log.warning("session %s does not go on: %s", folder.session_id, error)
            self._seal_instead()

    def _note_before_the_end(self, folder: SessionFolder, error: GrimaceError) -> None:
        """No part runs that could take the fault down, and the process is about to end."""
        with contextlib.suppress(OSError):  # the log has it
            note_afterwards(folder, fault_event(self._clock, error.fault, error.detail))

    def _seal_instead(self) -> None:
        self._occur(Occurrence.RETRIED)
        self._salvaging = self._background.submit(salvage, self._settings.sessions_folder)

    def _disk_does_not_answer(self, error: OSError) -> None:
        fault = fault_of(error)
        log.error("%s (%s): %s", fault.text, fault.code, error)
        self._last_faults = (FaultRecord(code=fault.code, at=self._clock.now(), detail=str(error)),)
        self._retry_later()

    def _retry_later(self) -> None:
        pause_s = min(LAST_RETRY_S, FIRST_RETRY_S * 2**self._retries)
        self._retries += 1
        self._retry_ns = self._clock.monotonic_ns() + pause_s * NANOSECONDS

    def _occur(self, occurrence: Occurrence) -> None:
        self.phase = next_phase(self.phase, occurrence)

    # In the background.

    def _salvage(self) -> Salvaged:
        """Raises OSError when the disk takes nothing at all."""
        self._reserve.release()
        if self._broken_off is not None:
            note_afterwards(self._broken_off.folder, self._broken_off.event)
        resumption = Resumption(boot_id(), self._clock.monotonic_ns(), camera_filmed_on=self._settings.camera.paced)
        return salvage(self._settings.sessions_folder, resumption)

    def _close(self, recorder: Recorder) -> GrimaceError | None:
        """Returns what kept the part from being written in full; raises PartBroken."""
        self._camera.stop_encoder()
        if not _closed(recorder):
            raise PartBroken(DISK_STALLED, f"while the part was closed, nothing reached the disk for {CLOSE_WITHIN_S:g} s")
        return recorder.failure

    def _seal(self, running: Running) -> FinishedSession:
        folder, session = running.folder, running.recorder.session
        try:
            self._reserve.release()
            if not all(part.closed or part.recovered for part in session.parts):
                repair(folder)
            return FinishedSession.sealed_in(folder.path, seal(folder))
        except GrimaceError as error:
            aside = set_aside(folder)
            return self._unfinished(folder, "empty", error).model_copy(update={"folder": aside})
        except OSError as error:
            log.exception("session %s cannot be sealed now; salvage tries again", folder.session_id)
            return self._unfinished(folder, "unsealed", GrimaceError(fault_of(error), str(error)))
        except Exception as error:  # as in salvage: one session that cannot be sealed must not keep the rig from recording
            log.exception("session %s cannot be sealed", folder.session_id)
            return self._unfinished(folder, "unsealed", GrimaceError(LEDGER_MISMATCH, str(error)))

    # For the process.

    def state_of_recording(self) -> RecordingState | None:
        return self.running.state(self._clock) if self.running is not None else None

    def abandon_part(self, fault: Fault, detail: str) -> None:
        """Note the fault and close the part as far as that goes in a second; for a process about to die, from any thread."""
        running = self.running
        if running is not None and self.phase in RECORDING_PHASES:
            running.recorder.note(fault_event(self._clock, fault, detail))
            running.recorder.close(GIVE_UP_WITHIN_S)

    def finish(self, go_on: Callable[[], None]) -> None:
        """End the recording and wait until it is sealed; calls `go_on` again and again meanwhile. Raises PartBroken."""
        if self.phase in RECORDING_PHASES:
            self.stop()
        while self.phase in RECORDING_PHASES or self._sealing is not None:
            self.advance()
            go_on()
        self._background.shutdown(wait=True, cancel_futures=True)

    def _unfinished(self, folder: SessionFolder, outcome: str, why: GrimaceError) -> FinishedSession:
        if outcome == "unsealed":
            self.unrepaired = (*self.unrepaired, folder.session_id)
        record = FaultRecord(code=why.fault.code, at=self._clock.now(), detail=why.detail)
        content = {"session_id": folder.session_id, "outcome": outcome, "folder": folder.path, "faults": (record,)}
        return FinishedSession.model_validate(content)


def _mark_as_over(folder: SessionFolder) -> None:
    try:
        folder.mark_as_over()
    except OSError:
        log.exception("the recording's end will not be known after a restart of this process")


def _closed(recorder: Recorder) -> bool:
    """Close a part, as long as the disk takes anything: what is still in the queue belongs to the recording."""
    durable = -1
    while recorder.progress.frames_durable > durable:
        durable = recorder.progress.frames_durable
        if recorder.close(CLOSE_WITHIN_S):
            return True
    return False
