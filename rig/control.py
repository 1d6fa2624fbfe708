"""Talking to the camera process: its commands and answers, and the client that other processes use.

A REQ/REP socket takes commands, a PUB socket tells the state; both are local (ipc) sockets in the data folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import zmq
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, TypeAdapter

from rig.camera.states import Phase
from shared.documents import Document, SessionId
from shared.face_check import Coverage, FaceObservation, SufficiencyGoal
from shared.faults import FAULTS, RIG_NOT_RUNNING, SETTINGS_INVALID, GrimaceError
from shared.manifest import CameraRecord, FaultRecord, FrameCounts, PreflightRecord, SessionManifest, StudyMetadata

ANSWER_WITHIN_S = 5.0
START_WITHIN_S = 20.0
"""A start is answered when the session's folder is on the disk: a slow card takes seconds, and must not be asked twice."""
LONGEST_RECORDING_S = 24 * 3600
LONGEST_SOCKET_PATH = 107
"""Bytes that Linux allows for the path of a local socket (`unix(7)`: 108 with the closing zero)."""


class StartCommand(Document):
    """Record a new session for `planned_s` seconds."""

    verb: Literal["start"] = "start"
    planned_s: Annotated[float, Field(gt=0, le=LONGEST_RECORDING_S)]
    study: StudyMetadata = StudyMetadata()
    goal: SufficiencyGoal = SufficiencyGoal()
    end_at_goal: bool = False
    """End as soon as the goal is reached; `planned_s` is the limit then."""
    preflight: tuple[PreflightRecord, ...] = ()


class StopCommand(Document):
    """End the recording now, and seal it."""

    verb: Literal["stop"] = "stop"


class StatusCommand(Document):
    """Only tell the state."""

    verb: Literal["status"] = "status"


class MarkerCommand(Document):
    """Put a mark with this text into the recording, at this moment."""

    verb: Literal["marker"] = "marker"
    text: Annotated[str, Field(max_length=500)]


class ObserveCommand(Document):
    """Take note of what the face check saw; while a session runs, it goes into its `fau.csv`."""

    verb: Literal["observe"] = "observe"
    observation: FaceObservation


class RestartCommand(Document):
    """End the process so that it is started again, with the settings as they are now; refused during a recording."""

    verb: Literal["restart"] = "restart"


AnyCommand = StartCommand | StopCommand | StatusCommand | MarkerCommand | ObserveCommand | RestartCommand
Command = Annotated[AnyCommand, Field(discriminator="verb")]
COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(Command)


class FinishedSession(Document):
    """What became of a session. `outcome` is `unsealed` when salvage has to try again."""

    session_id: SessionId
    outcome: Literal["sealed", "recovered", "empty", "unsealed"]
    folder: Path
    counts: FrameCounts | None = None
    coverage: Coverage | None = None
    goal: SufficiencyGoal | None = None
    faults: tuple[FaultRecord, ...] = ()

    @classmethod
    def sealed_in(cls, folder: Path, manifest: SessionManifest) -> Self:
        return cls(
            session_id=manifest.session_id,
            outcome=manifest.state.value,
            folder=folder,
            counts=manifest.counts,
            coverage=manifest.coverage,
            goal=manifest.goal,
            faults=manifest.faults,
        )


class RecordingState(Document):
    """The session being recorded, as observed: bytes are the file's size, frames those in fragments that reached the disk."""

    session_id: SessionId
    folder: Path
    planned_s: float
    elapsed_s: float
    part: PositiveInt
    part_frames_captured: NonNegativeInt
    part_frames_written: NonNegativeInt
    part_bytes: NonNegativeInt
    last_write_age_s: float
    frames_written: NonNegativeInt = 0
    """Of all parts, on the disk."""
    bytes_written: NonNegativeInt = 0
    """Of all parts' videos, on the disk."""
    frames_dropped: NonNegativeInt = 0
    """Seen missing so far, in all parts; the manifest has the reconciled number."""
    longest_gap_ms: NonNegativeFloat = 0.0
    goal: SufficiencyGoal = SufficiencyGoal()
    end_at_goal: bool = False
    coverage: Coverage = Coverage()
    study: StudyMetadata = StudyMetadata()
    markers: NonNegativeInt = 0


class PictureState(Document):
    """What the newest frame says of the picture, and in what it differs from what was asked for."""

    exposure_us: NonNegativeInt
    analogue_gain: float
    digital_gain: float
    frame_duration_us: NonNegativeInt
    lux: float
    focus: float
    sensor_temperature_c: float
    colour_gains: tuple[float, float] | None = None
    mismatch: str = ""
    """Plain words, empty when the picture is as asked."""


class CameraState(Document):
    """What the camera process tells, on demand and twice a second."""

    rig_id: str
    phase: Phase
    last_frame_age_s: float
    camera: CameraRecord | None = None
    picture: PictureState | None = None
    face: FaceObservation | None = None
    """The newest check, during a session or not."""
    clock_synchronised: bool | None = None
    """Whether the system clock follows a time service; None where the machine cannot tell."""
    recording: RecordingState | None = None
    last_session: FinishedSession | None = None
    unrepaired: tuple[SessionId, ...] = ()
    """Torn sessions that salvage could not repair yet."""
    faults: tuple[FaultRecord, ...] = ()


class Answer(Document):
    """To every command: the state, and the fault for which the command was refused."""

    state: CameraState
    refused: str | None = None
    detail: str = ""


def command_address(data_folder: Path) -> str:
    return _address(data_folder / "camera.ipc")


def state_address(data_folder: Path) -> str:
    return _address(data_folder / "camera-state.ipc")


def small_frames_address(data_folder: Path) -> str:
    """Where the newest small frames are told; `rig/camera/small_frames.py` reads and writes them."""
    return _address(data_folder / "camera-frames.ipc")


def simulated_camera_address(data_folder: Path) -> str:
    """Where the simulated camera takes orders to fail; `rig/camera/simulated/orders.py` reads and writes them."""
    return _address(data_folder / "camera-simulated.ipc")


def _address(path: Path) -> str:
    if len(str(path).encode()) > LONGEST_SOCKET_PATH:
        raise GrimaceError(SETTINGS_INVALID, f"data_folder: {path} is too long for a local socket; use a shorter path")
    return f"ipc://{path}"


def _socket(kind: int, timeout_ms: int) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(kind)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDTIMEO, timeout_ms)
    socket.setsockopt(zmq.RCVTIMEO, timeout_ms)
    return socket


class CameraControl:
    """A client of the camera process that serves `data_folder`. Every call has a time-out.

    Methods raise GrimaceError: E_RIG_DOWN when no answer comes, else the fault for which the camera process refused.
    """

    def __init__(self, data_folder: Path, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._data_folder = data_folder
        self._timeout_ms = round(answer_within_s * 1000)

    def start(self, planned_s: float, study: StudyMetadata) -> CameraState:
        return self.begin(StartCommand(planned_s=planned_s, study=study))

    def begin(self, command: StartCommand) -> CameraState:
        self.status()  # a process that is not there is noticed sooner
        return self._ask(command, max(self._timeout_ms, round(START_WITHIN_S * 1000)))

    def observe(self, observation: FaceObservation) -> CameraState:
        return self._ask(ObserveCommand(observation=observation))

    def restart(self) -> CameraState:
        return self._ask(RestartCommand())

    def stop(self) -> CameraState:
        return self._ask(StopCommand())

    def status(self) -> CameraState:
        return self._ask(StatusCommand())

    def mark(self, text: str) -> CameraState:
        return self._ask(MarkerCommand(text=text))

    def _ask(self, command: Document, timeout_ms: int | None = None) -> CameraState:
        with _socket(zmq.REQ, self._timeout_ms if timeout_ms is None else timeout_ms) as socket:
            socket.connect(command_address(self._data_folder))
            try:
                socket.send(command.model_dump_json().encode())
                answer = Answer.model_validate_json(socket.recv())
            except zmq.Again as error:
                raise GrimaceError(RIG_NOT_RUNNING, f"no answer in {self._data_folder}") from error
        if answer.refused is not None:
            raise GrimaceError(FAULTS[answer.refused], answer.detail)
        return answer.state

    def states(self, silent_after_s: float) -> Iterator[CameraState]:
        """The states as they are told, until none comes for `silent_after_s`."""
        with _socket(zmq.SUB, round(silent_after_s * 1000)) as socket:
            socket.subscribe(b"")
            socket.connect(state_address(self._data_folder))
            while True:
                try:
                    content = socket.recv()
                except zmq.Again:
                    return
                yield CameraState.model_validate_json(content)
