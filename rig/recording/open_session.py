"""A session that is not sealed yet: its folder, and the document that lets anybody finish it after a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from shared.documents import BuildReference, Document, SessionId, UtcTime
from shared.durable import PART_SUFFIX, sync_directory
from shared.face_check import SufficiencyGoal
from shared.manifest import MANIFEST_NAME, CameraRecord, PreflightRecord, StudyMetadata, video_name

OPEN_SESSION_NAME = "recording.json"
OVER_NAME = "recording.over"
"""An empty file: the recording is over, as planned or by hand, and must not be gone on with."""


class OpenPart(Document):
    """A part whose video was begun. `closed` by the recorder, or `recovered` after it was torn, or neither yet."""

    number: PositiveInt
    first_sensor_ns: NonNegativeInt
    closed: bool = False
    recovered: bool = False


class OpenSession(Document):
    """The content of `recording.json`: all that is needed to seal the session, or to go on with it."""

    schema_version: Literal[1] = 1
    session_id: SessionId
    rig_id: str
    software_version: str
    boot_id: str
    started_at: UtcTime
    started_monotonic_ns: NonNegativeInt
    planned_s: PositiveFloat
    study: StudyMetadata
    camera: CameraRecord
    goal: SufficiencyGoal = SufficiencyGoal()
    end_at_goal: bool = False
    preflight: tuple[PreflightRecord, ...] = ()
    builds: tuple[BuildReference, ...] = ()
    """Those that checked the face so far."""
    first_sensor_ns: NonNegativeInt | None = None
    """The session's first frame; the planned end counts from it."""
    parts: tuple[OpenPart, ...] = ()

    @property
    def planned_end_ns(self) -> int:
        """Planned end in sensor time."""
        first_ns = self.started_monotonic_ns if self.first_sensor_ns is None else self.first_sensor_ns
        return first_ns + round(self.planned_s * 1e9)

    def with_part(self, part: OpenPart) -> OpenSession:
        """The session with this part added, or in place of the one of its number."""
        others = [other for other in self.parts if other.number != part.number]
        first_ns = part.first_sensor_ns if self.first_sensor_ns is None else self.first_sensor_ns
        parts = tuple(sorted([*others, part], key=lambda one: one.number))
        return self.model_copy(update={"parts": parts, "first_sensor_ns": first_ns})

    def with_build(self, build: BuildReference) -> OpenSession:
        """The session with this build among those that checked the face."""
        return self.model_copy(update={"builds": (*self.builds, build)})


class SessionFolder:
    """The folder of one session, and where its files are: `NAME.part` while open, `NAME` when finished."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, sessions: Path, document: OpenSession) -> SessionFolder:
        """Make the folder of a new session, durably. Raises OSError."""
        folder = cls(sessions / document.session_id)
        folder.path.mkdir(parents=True)
        sync_directory(sessions)
        folder.save(document)
        return folder

    @property
    def session_id(self) -> str:
        return self.path.name

    @property
    def manifest(self) -> Path:
        return self.path / MANIFEST_NAME

    @property
    def open_document(self) -> Path:
        return self.path / OPEN_SESSION_NAME

    @property
    def is_sealed(self) -> bool:
        return self.manifest.exists()

    @property
    def over_mark(self) -> Path:
        return self.path / OVER_NAME

    @property
    def is_over(self) -> bool:
        return self.over_mark.exists()

    def mark_as_over(self) -> None:
        """Raises OSError. A file of its own, because the writer's thread may be writing the document at this moment.

        Not durable: a power cut ends the boot, and no recording goes on in another one.
        """
        self.over_mark.touch()

    def load(self) -> OpenSession:
        """Raises OSError or pydantic's ValidationError."""
        return OpenSession.read(self.open_document)

    def save(self, document: OpenSession) -> None:
        """Durably; raises OSError."""
        document.write(self.open_document)

    def working(self, name: str) -> Path:
        """Where the file is written while it is not finished."""
        return self.path / (name + PART_SUFFIX)

    def finished(self, name: str) -> Path:
        return self.path / name

    def present(self, name: str) -> Path | None:
        """The file under whichever of its two names it has."""
        return next((path for path in (self.finished(name), self.working(name)) if path.exists()), None)

    def finish(self, name: str) -> None:
        """Give a closed file its final name. Safe to repeat; `sync_directory` is the caller's."""
        if self.working(name).exists():
            self.working(name).replace(self.finished(name))

    def video(self, part: int) -> Path | None:
        return self.present(video_name(part))
