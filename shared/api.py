"""The hub's HTTP API under `/api/v1`: what is sent and what is answered.

The rig announces a session and its files, uploads each file over tus 1.0, and asks for the session until it carries a receipt.
A worker claims an analysis, fetches the session's files, reports progress, uploads the result and completes. Everything may be
sent twice: the second time changes nothing and answers the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from shared.documents import Document, FileName, SessionId, Sha256, UtcTime
from shared.faults import Fault
from shared.manifest import FileRecord, StudyMetadata

API_PREFIX = "/api/v1"
TUS_VERSION = "1.0.0"
TUS_PATH = f"{API_PREFIX}/uploads"

METADATA_SESSION = "session"
METADATA_FILE_NAME = "filename"
METADATA_SHA256 = "sha256"
"""Keys of tus's Upload-Metadata: the announced session's id, the announced file's name, and (optional) its SHA-256."""

FENCE_HEADER = "Grimace-Fence"
"""Carries the fencing token of a claimed analysis with every request of the worker that holds it."""


class Problem(Document):
    """An error answer, RFC 9457 (`application/problem+json`), with our fault code and its remedy."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str = ""
    remedy: str = ""
    request_id: str = ""


# Sessions


class SessionAnnouncement(Document):
    """`PUT /sessions/{session_id}`: a session that will be uploaded, and all its files.

    A rig lists the whole session folder, `session.json` included. Anyone else may announce a single video without a manifest.
    """

    study: StudyMetadata
    recorded_at: UtcTime
    files: Annotated[tuple[FileRecord, ...], Field(min_length=1)]


class FileState(StrEnum):
    EXPECTED = "expected"  # no byte has arrived
    UPLOADING = "uploading"
    RECEIVED = "received"  # all bytes are durable, not yet hashed
    VERIFIED = "verified"  # re-read from the hub's disk and equal to its SHA-256


class UploadedFile(Document):
    """A session's file as the hub has it. `upload` is the path of its open tus upload, to be resumed at `offset_bytes`."""

    name: FileName
    size_bytes: NonNegativeInt
    sha256: Sha256
    state: FileState
    offset_bytes: NonNegativeInt = 0
    upload: str | None = None


class SessionState(StrEnum):
    OPEN = "open"  # announced; files are missing
    RECEIVED = "received"  # all files are here, to be verified
    STORED = "stored"  # verified: hashes, video and ledger; the receipt is valid
    REFUSED = "refused"  # verified hashes, but the content cannot be scored; kept, with the reason


class Warn(Document):
    """A fault that does not stop the work, as it appears beside a result."""

    code: str
    text: str
    remedy: str
    detail: str = ""

    @classmethod
    def of(cls, fault: Fault, detail: str = "") -> Warn:
        """The fault in its words, with what exactly was seen."""
        return cls(code=fault.code, text=fault.text, remedy=fault.remedy, detail=detail)


class Receipt(Document):
    """The hub's word that it holds every file of the session on its own disk with these hashes."""

    number: str
    session_id: SessionId
    stored_at: UtcTime
    files: tuple[FileRecord, ...]


class SessionView(Document):
    """`GET /sessions/{session_id}` and the answer to its announcement."""

    session_id: SessionId
    state: SessionState
    study: StudyMetadata
    rig_id: str | None
    recorded_at: UtcTime
    announced_at: UtcTime
    duration_s: float | None = None
    files: tuple[UploadedFile, ...]
    receipt: Receipt | None = None
    fault: Warn | None = None
    warnings: tuple[Warn, ...] = ()
    analyses: tuple[AnalysisView, ...] = ()


class SessionPage(Document):
    """`GET /sessions`: newest first; `next_cursor` goes on where this page ends."""

    items: tuple[SessionView, ...]
    next_cursor: str | None = None


# Analyses


class AnalysisState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AnalysisRequest(Document):
    """`POST /sessions/{session_id}/analyses`. The same build and rate again answers the analysis that there is."""

    build: str | None = None
    """Name of the build; None takes the hub's default."""
    rate: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Sampling rate in frames/s; at or above the video's rate every frame is analysed."""
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    """9 is served first."""


class AnalysisView(Document):
    """`GET /analyses/{analysis_id}`."""

    analysis_id: str
    session_id: SessionId
    build: str
    rate: PositiveFloat
    priority: int
    state: AnalysisState
    attempt: NonNegativeInt
    frames_done: NonNegativeInt = 0
    frames_planned: NonNegativeInt = 0
    cancel_requested: bool = False
    worker: str | None = None
    fault: Warn | None = None
    created_at: UtcTime
    started_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    summary: ScoreSummary | None = None


class AnalysisPage(Document):
    """`GET /analyses`: newest first."""

    items: tuple[AnalysisView, ...]
    next_cursor: str | None = None


class ScoreSummary(Document):
    """What an analysis found, in one small document (the JSON download adds nothing but the table).

    `coverage` is the share of analysed frames that show all the subject type's FAUs; `mean_mgs` is over those frames only.
    `sufficient` is the paper's rule (Figure 6F): at least 75 such frames in the first 10 minutes.
    """

    schema_version: Literal[1] = 1
    session_id: SessionId | None = None
    analysis_id: str | None = None
    subject_type: str
    build: str
    build_sha256: Sha256
    placeholder: bool
    """The build was never validated on real animals: its scores must not be used."""
    rate: PositiveFloat
    frames_analysed: NonNegativeInt
    frames_with_face: NonNegativeInt
    frames_all_faus: NonNegativeInt
    coverage: float | None
    mean_mgs: float | None
    mean_mgs_averaged: float | None
    """Langford's variant: the mean of the FAUs instead of their sum."""
    mean_by_fau: dict[str, float | None]
    first_10_min_frames_analysed: NonNegativeInt
    first_10_min_frames_all_faus: NonNegativeInt
    first_10_min_mean_mgs: float | None
    sufficient: bool
    frames_undecodable: NonNegativeInt = 0
    duration_s: float
    warnings: tuple[Warn, ...] = ()


# Workers


class ClaimRequest(Document):
    """`POST /worker/claim`: take an analysis, the named one or the most urgent."""

    worker: Annotated[str, Field(min_length=1, max_length=100)]
    analysis_id: str | None = None


class ClaimedAnalysis(Document):
    """What a worker needs to do an analysis. `fence` proves that it still holds it; the lease runs `lease_s`."""

    analysis_id: str
    session_id: SessionId
    fence: str
    lease_s: PositiveFloat
    attempt: PositiveInt
    build: str
    rate: PositiveFloat
    subject_type: str
    files: tuple[FileRecord, ...]


class ProgressReport(Document):
    """`POST /worker/analyses/{analysis_id}/progress`: renews the lease."""

    frames_done: NonNegativeInt
    frames_planned: NonNegativeInt


class Completion(Document):
    """`POST /worker/analyses/{analysis_id}/complete`, after the table was put with this hash."""

    table_sha256: Sha256
    summary: ScoreSummary


class Failure(Document):
    """`POST /worker/analyses/{analysis_id}/fail`. `final` means that trying again would give the same."""

    code: str
    detail: str = ""
    final: bool = False


# Rigs


class RigHeartbeat(Document):
    """`POST /rig/heartbeat`, every 10 s; the hub's `last_seen` comes from it."""

    software_version: str
    phase: str
    session_id: SessionId | None = None
    queued_sessions: NonNegativeInt = 0
    queued_bytes: NonNegativeInt = 0
    disk_free_bytes: NonNegativeInt = 0
    faults: tuple[str, ...] = ()


class RosterAnimal(Document):
    """An animal as the rig may know it: never with its group."""

    code: str
    sex: Literal["", "female", "male"] = ""
    strain: str = ""


class RosterStudy(Document):
    """A study, and whom it films."""

    name: str
    subject_type: str
    phases: tuple[str, ...] = ()
    animals: tuple[RosterAnimal, ...] = ()


class Roster(Document):
    """`GET /rig/roster`: what the rig's touchscreen offers, so that nobody has to type. The rig keeps the last one."""

    made_at: UtcTime
    studies: tuple[RosterStudy, ...] = ()


class EnrolmentCode(Document):
    """`POST /enrolments`: what the supervisor reads out beside the rig. It works once, until it expires."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    lab: str
    expires_at: UtcTime


class EnrolmentRequest(Document):
    """`POST /enrolments/redeem`, without a token: a rig that was given a code by the lab's supervisor."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    rig_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,32}$")]


class Enrolled(Document):
    """The rig belongs to the lab now; the token is told once."""

    lab: str
    rig_id: str
    token: str


SessionView.model_rebuild()
AnalysisView.model_rebuild()
