"""The session manifest, `session.json`: everything that must be known about a recording to defend a number made from it.

Written last, when every other file of the session folder is durable: a folder with a `session.json` is sealed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator

from shared.documents import BuildReference, ByteCount, Document, FileName, SessionId, Sha256, UtcTime
from shared.face_check import Coverage, SufficiencyGoal
from shared.grimace import subject_type

MANIFEST_NAME = "session.json"
FRAMES_NAME = "frames.csv"
PACKETS_NAME = "packets.csv"
EVENTS_NAME = "events.jsonl"
FAU_NAME = "fau.csv"


def video_name(part: int) -> str:
    """The name of a part's video; parts are numbered from 1."""
    return f"part-{part}.mp4"


class SealState(StrEnum):
    """How the recording ended."""

    SEALED = "sealed"  # closed by the recorder
    RECOVERED = "recovered"  # torn by a crash and closed by salvage


class StudyMetadata(Document):
    """What the technician says about the recording. Group and treatment are not here: the rig is blind."""

    study: str = ""
    animal: str = ""
    phase: str = ""
    operator: str = ""
    subject_type: str = "c57bl/6"
    sex: Literal["", "female", "male"] = ""
    strain: str = ""
    notes: str = ""

    @field_validator("subject_type")
    @classmethod
    def _known(cls, name: str) -> str:
        return subject_type(name).name


class CameraRecord(Document):
    """The camera and its picture settings, as asked for and as read back from the frames."""

    backend: str
    model: str
    width_px: PositiveInt
    height_px: PositiveInt
    frame_rate: PositiveFloat
    asked: dict[str, float | str] = {}
    read_back: dict[str, float | str] = {}
    tuning_sha256: Sha256 | None = None


class CheckStatus(StrEnum):
    """What a pre-flight check came to."""

    PASS = "pass"
    WARN = "warn"  # record if you must; a person has to say why
    FAIL = "fail"  # recording now would waste the animal
    NOT_CHECKED = "not-checked"  # this machine cannot tell, or what it needs is not there


class PreflightRecord(Document):
    """A pre-flight check as it stood when the recording began."""

    check: str
    status: CheckStatus
    seen: str
    waived_because: str = ""


class ClockPair(Document):
    """The monotonic and the wall clock read at the same moment; maps sensor time to wall time."""

    boot_id: str
    monotonic_ns: NonNegativeInt
    utc: UtcTime
    synchronised: bool | None = None


class Part(Document):
    """An uninterrupted piece of the recording in its own video file.

    A video time of `pts_us` in this part is the sensor time `first_sensor_ns + 1000 * pts_us`.
    """

    number: PositiveInt
    file: FileName
    first_sensor_ns: NonNegativeInt
    frames_written: NonNegativeInt
    recovered: bool = False


class GapCause(StrEnum):
    """Why frames are missing from the video."""

    CAMERA = "camera"  # the sensor delivered no frame
    ENCODER = "encoder"  # delivered, but not in the video
    RESTART = "restart"  # the camera process was down between two parts
    END = "end"  # recorded after the last written frame, lost with it


class Gap(Document):
    """A hole in the video, in the recording's own time: 0 s is the first written frame."""

    after_frame_index: Annotated[int, Field(ge=-1)]
    """The last frame before the hole; -1 when the camera's very first frames are missing."""
    start_s: float
    duration_ms: float
    frames_missing: NonNegativeInt
    cause: GapCause


class FrameCounts(Document):
    """The ledger's balance: expected = written + dropped, always."""

    expected: NonNegativeInt
    captured: NonNegativeInt
    written: NonNegativeInt
    dropped: NonNegativeInt
    longest_gap_ms: float = 0.0


class FileRecord(Document):
    """A file of the session folder and what it must hash to."""

    name: FileName
    size_bytes: ByteCount
    sha256: Sha256


class FaultRecord(Document):
    """A fault that was raised during the session."""

    code: str
    at: UtcTime
    detail: str = ""


class SessionManifest(Document):
    """The content of `session.json`."""

    schema_version: Literal[1] = 1
    session_id: SessionId
    state: SealState
    rig_id: str
    software_version: str
    started_at: UtcTime
    ended_at: UtcTime
    planned_s: PositiveFloat | None = None
    study: StudyMetadata
    camera: CameraRecord
    builds: tuple[BuildReference, ...] = ()
    preflight: tuple[PreflightRecord, ...] = ()
    goal: SufficiencyGoal | None = None
    coverage: Coverage | None = None
    """What the face check saw of this session; None when it saw nothing of it."""
    clock_pairs: tuple[ClockPair, ...] = ()
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    counts: FrameCounts
    gaps: tuple[Gap, ...] = ()
    files: tuple[FileRecord, ...]
    faults: tuple[FaultRecord, ...] = ()
