"""Takes sessions from start to seal for the camera process: one at a time, part by part.

All methods belong to one thread. What takes long (salvage, sealing) runs in the background; `advance` picks its result up.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rig.camera.backend import CameraBackend, RecordedSoFar
from rig.camera.states import RECORDING_PHASES, Occurrence, Phase, next_phase
from rig.control import FinishedSession, RecordingState, StartCommand
from rig.disk import is_full
from rig.recording.events import fault_event, marker_event
from rig.recording.open_session import OpenSession, SessionFolder
from rig.recording.recorder import Recorder
from rig.recording.reserve import SpaceReserve, space_needed_bytes
from rig.recording.salvage import Resumption, Salvaged, last_sensor_ns, repair, salvage, set_aside
from rig.recording.sealing import seal
from rig.settings import RigSettings
from shared import __version__
from shared.clock import NANOSECONDS, Clock, boot_id
from shared.faults import DISK_FULL, DISK_STALLED, LEDGER_MISMATCH, RECORDING_BUSY, RECORDING_IDLE, Fault, GrimaceError
from shared.manifest import CameraRecord, FaultRecord

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 10.0
GIVE_UP_WITHIN_S = 1.0
RETRY_SALVAGE_S = 600


class PartBroken(Exception):
    """A part ended by a fault that a new process may cure: the session goes on as its next part."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(f"{fault.code}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True)
class Running:
    """The session that is being recorded or sealed."""

    folder: SessionFolder
    recorder: Recorder
    part: int


class SessionKeeper:
    """See the module. `phase`, `running`, `last_session` and `faults` are what the process tells."""

    def __init__(self, settings: RigSettings, camera: CameraBackend, camera_record: CameraRecord, clock: Clock) -> None:
        self.phase = Phase.SALVAGING
        self.running: Running | None = None
        self.last_session: FinishedSession | None = None
        self.unrepaired: tuple[str, ...] = ()
        self.faults: tuple[FaultRecord, ...] = ()
        self._settings = settings
        self._camera = camera
        self._camera_record = camera_record
        self._clock = clock
        self._reserve = SpaceReserve.of(settings.data_folder)
        self._background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sealing")
        self._salvaging: Future[Salvaged] | None = self._background.submit(self._salvage)
        self._sealing: Future[FinishedSession] | None = None
        self._retry_salvage_ns = 0

    # Commands.

    def start(self, command: StartCommand) -> None:
        """Begin a session; raises GrimaceError (E_REC_BUSY, E_DISK_FULL, E_DISK_STALLED), and leaves nothing of it then."""
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
        )
        self.faults = ()
        try:
            self._require_space(command.planned_s)
            self._reserve.fill()
            self._begin_part(SessionFolder.create(self._settings.sessions_folder, session), session, so_far=None)
        except OSError as error:
            self._forget(session)
            raise GrimaceError(DISK_FULL if is_full(error) else DISK_STALLED, str(error)) from error

    def _forget(self, session: OpenSession) -> None:
        """A refused session must not lie there for salvage, which would go on with it after a restart."""
        shutil.rmtree(self._settings.sessions_folder / session.session_id, ignore_errors=True)
        with contextlib.suppress(OSError):  # the disk's fault is told already
            self._reserve.release()

    def stop(self) -> None:
        """End the recording; raises GrimaceError(E_REC_IDLE)."""
        self._recorder_in_use().end_now()
        self._mark_as_over()

    def mark(self, text: str) -> None:
        """Put a marker into the session's events; raises GrimaceError(E_REC_IDLE)."""
        self._recorder_in_use().note(marker_event(self._clock, text))

    def note_fault(self, fault: Fault, detail: str) -> None:
        """From any thread: tell of a fault that does not end the recording, and note it in the session that is recorded."""
        self.faults = (*self.faults, FaultRecord(code=fault.code, at=self._clock.now(), detail=detail))
        running = self.running
        if running is not None and self.phase in RECORDING_PHASES:
            running.recorder.note(fault_event(self._clock, fault, detail))

    def _recorder_in_use(self) -> Recorder:
        if self.running is None or self.phase not in RECORDING_PHASES:
            raise GrimaceError(RECORDING_IDLE, self.phase.value)
        return self.running.recorder

    def _require_space(self, planned_s: float) -> None:
        needed = space_needed_bytes(planned_s, self._settings.camera.bitrate_bps)
        free = shutil.disk_usage(self._settings.data_folder).free
        if free < needed:
            raise GrimaceError(DISK_FULL, f"{needed / 1e9:.2f} GB are needed for {planned_s:g} s, {free / 1e9:.2f} GB are free")

    # What happens by itself.

    def advance(self) -> None:
        """Do what has become due; raises PartBroken."""
        if self._salvaging is not None and self._salvaging.done():
            salvaged, self._salvaging = self._salvaging.result(), None
            self._after_salvage(salvaged)
        elif self._sealing is not None and self._sealing.done():
            self.last_session, self._sealing = self._sealing.result(), None
            self.faults = self.last_session.faults
            self.running = None
            self._occur(Occurrence.SEALED)
        elif self.running is not None and self.phase in RECORDING_PHASES:
            self._advance_recording(self.running)
        elif self.unrepaired and self.phase is Phase.IDLE and self._clock.monotonic_ns() > self._retry_salvage_ns:
            self._occur(Occurrence.RETRIED)
            self._salvaging = self._background.submit(self._salvage)

    def _advance_recording(self, running: Running) -> None:
        if self.phase is Phase.OPENING and running.recorder.progress.frames_durable > 0:
            self._occur(Occurrence.FRAMES_ON_DISK)
        if running.recorder.ended.is_set():
            self._end(running)

    def _mark_as_over(self) -> None:
        if self.running is not None:
            try:
                self.running.folder.mark_as_over()
            except OSError:
                log.exception("the recording's end will not be known after a restart of this process")

    def _end(self, running: Running) -> None:
        self._camera.stop_encoder()
        if not _closed(running.recorder):
            raise PartBroken(DISK_STALLED, f"while the part was closed, nothing reached the disk for {CLOSE_WITHIN_S:g} s")
        failure = running.recorder.failure
        if failure is not None and failure.fault is not DISK_FULL:
            raise PartBroken(failure.fault, failure.detail)
        self._mark_as_over()
        self._occur(Occurrence.OVER)
        self._sealing = self._background.submit(self._seal, running)

    def _begin_part(self, folder: SessionFolder, session: OpenSession, so_far: RecordedSoFar | None) -> None:
        part = max((part.number for part in session.parts), default=0) + 1
        recorder = Recorder(folder, session, part, self._reserve, self._clock)
        recorder.start()
        self.running = Running(folder, recorder, part)
        self._occur(Occurrence.BEGUN)
        self._camera.start_encoder(recorder, so_far)
        log.info("recording session %s, part %d", session.session_id, part)

    def _after_salvage(self, salvaged: Salvaged) -> None:
        self.unrepaired = tuple(salvaged.failed)
        self._retry_salvage_ns = self._clock.monotonic_ns() + RETRY_SALVAGE_S * NANOSECONDS
        for manifest in salvaged.sealed:
            self.last_session = FinishedSession.sealed_in(self._settings.sessions_folder / manifest.session_id, manifest)
        for session_id in salvaged.empty:
            self.last_session = FinishedSession(session_id=session_id, outcome="empty", folder=self._settings.data_folder)
        self._occur(Occurrence.SALVAGED)
        if salvaged.continues is not None:
            self._continue(salvaged.continues)

    def _continue(self, folder: SessionFolder) -> None:
        try:
            self._reserve.fill()
        except GrimaceError as error:
            log.warning("session %s does not go on: %s", folder.session_id, error)
            self._occur(Occurrence.RETRIED)
            self._salvaging = self._background.submit(salvage, self._settings.sessions_folder)
            return
        session = folder.load()
        so_far = None
        if session.first_sensor_ns is not None:
            last_ns = last_sensor_ns(folder) or session.first_sensor_ns
            so_far = RecordedSoFar(session.first_sensor_ns // 1000, last_ns // 1000)
        self._begin_part(folder, session, so_far)

    def _occur(self, occurrence: Occurrence) -> None:
        self.phase = next_phase(self.phase, occurrence)

    # In the background.

    def _salvage(self) -> Salvaged:
        self._reserve.release()
        resumption = Resumption(boot_id(), self._clock.monotonic_ns(), camera_filmed_on=self._settings.camera.paced)
        return salvage(self._settings.sessions_folder, resumption)

    def _seal(self, running: Running) -> FinishedSession:
        self._reserve.release()
        folder, session = running.folder, running.recorder.session
        try:
            if not all(part.closed or part.recovered for part in session.parts):
                repair(folder)
            return FinishedSession.sealed_in(folder.path, seal(folder))
        except GrimaceError as error:
            aside = set_aside(folder)
            return self._unfinished(folder, "empty", error.fault, error.detail).model_copy(update={"folder": aside})
        except OSError as error:
            log.exception("session %s cannot be sealed now; salvage tries again", folder.session_id)
            return self._unfinished(folder, "unsealed", DISK_FULL if is_full(error) else DISK_STALLED, str(error))
        except Exception as error:  # as in salvage: one session that cannot be sealed must not keep the rig from recording
            log.exception("session %s cannot be sealed", folder.session_id)
            return self._unfinished(folder, "unsealed", LEDGER_MISMATCH, str(error))

    # For the process.

    def state_of_recording(self) -> RecordingState | None:
        if self.running is None:
            return None
        running, progress = self.running, self.running.recorder.progress
        return RecordingState(
            session_id=running.folder.session_id,
            folder=running.folder.path,
            planned_s=running.recorder.session.planned_s,
            elapsed_s=progress.elapsed_us / 1e6,
            part=running.part,
            part_frames_captured=progress.frames_captured,
            part_frames_written=progress.frames_durable,
            part_bytes=_size_bytes(running.folder.video(running.part)),
            last_write_age_s=(self._clock.monotonic_ns() - progress.last_sync_ns) / NANOSECONDS,
        )

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

    def _unfinished(self, folder: SessionFolder, outcome: str, fault: Fault, detail: str) -> FinishedSession:
        if outcome == "unsealed":
            self.unrepaired = (*self.unrepaired, folder.session_id)
        record = FaultRecord(code=fault.code, at=self._clock.now(), detail=detail)
        content = {"session_id": folder.session_id, "outcome": outcome, "folder": folder.path, "faults": (record,)}
        return FinishedSession.model_validate(content)


def _closed(recorder: Recorder) -> bool:
    """Close a part, as long as the disk takes anything: what is still in the queue belongs to the recording."""
    durable = -1
    while recorder.progress.frames_durable > durable:
        durable = recorder.progress.frames_durable
        if recorder.close(CLOSE_WITHIN_S):
            return True
    return False


def _size_bytes(video: Path | None) -> int:
    """0 for a video that is not there: not begun yet, or just given another name by the sealing in the background."""
    try:
        return video.stat().st_size if video is not None else 0
    except FileNotFoundError:
        return 0
