"""Keeps the verdict on the last recording until somebody has seen it, over restarts of the agent and power cuts."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from pydantic import ValidationError

from rig.agent.snapshot import Verdict
from rig.agent.verdict import verdict_of, with_result
from rig.control import FinishedSession
from rig.upload.news import read_result
from shared.clock import Clock
from shared.documents import Document, SessionId
from shared.manifest import MANIFEST_NAME, SessionManifest, StudyMetadata

log = logging.getLogger(__name__)

MEMORY_NAME = "last-recording.json"


class Memory(Document):
    """The session that the camera process told of last, what became of it, and its verdict until it is dismissed."""

    session_id: SessionId | None = None
    outcome: str = ""
    verdict: Verdict | None = None


class LastRecording:
    """See the module. Safe to use from any thread."""

    def __init__(self, data_folder: Path, clock: Clock) -> None:
        self._data_folder = data_folder
        self._path = data_folder / MEMORY_NAME
        self._clock = clock
        self._memory = self._read()
        self._lock = threading.Lock()

    @property
    def verdict(self) -> Verdict | None:
        return self._memory.verdict

    def learn(self, session: FinishedSession, study: StudyMetadata | None) -> bool:
        """A session has ended; False when that is known already. `study` is what was said of it, if that was heard.

        One that could not be closed is news again when it is mended. The manifest comes first: it says when the session ended and
        whose it was.
        """
        with self._lock:
            if (session.session_id, session.outcome) == (self._memory.session_id, self._memory.outcome):
                return False
            manifest = _manifest(session.folder)
            about = manifest.study if manifest is not None else (study or StudyMetadata())
            ended_at = manifest.ended_at if manifest is not None else self._clock.now()
            result = read_result(self._data_folder, session.session_id)
            verdict = verdict_of(session, about, ended_at, result)
            self._keep(Memory(session_id=session.session_id, outcome=session.outcome, verdict=verdict))
            return True

    def look_for_result(self) -> bool:
        """Whether the hub has found something new in the last recording."""
        with self._lock:
            verdict = self._memory.verdict
            if verdict is None:
                return False
            scored = with_result(verdict, read_result(self._data_folder, verdict.session.session_id))
            if scored == verdict:
                return False
            self._keep(self._memory.model_copy(update={"verdict": scored}))
            return True

    def dismiss(self) -> None:
        """Somebody has seen it."""
        with self._lock:
            if self._memory.verdict is not None:
                self._keep(self._memory.model_copy(update={"verdict": None}))

    def _keep(self, memory: Memory) -> None:
        """On a disk that takes nothing the verdict is shown all the same; only a restart would lose it."""
        self._memory = memory
        try:
            memory.write(self._path)
        except OSError:
            log.exception("the verdict would not survive a restart")

    def _read(self) -> Memory:
        try:
            return Memory.read(self._path)
        except FileNotFoundError:
            return Memory()
        except (OSError, ValidationError) as error:
            log.warning("%s cannot be read: %s", self._path.name, error)
            return Memory()


def _manifest(folder: Path) -> SessionManifest | None:
    """None of a session that was not sealed."""
    try:
        return SessionManifest.read(folder / MANIFEST_NAME)
    except (OSError, ValidationError):
        return None
