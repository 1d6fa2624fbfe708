"""What a self-test came to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from shared.documents import Document, SessionId
from shared.manifest import CheckStatus


class Aspect(StrEnum):
    """What is judged of the recording, in the order in which it is shown."""

    ENDING = "ending"
    FRAMES = "frames"
    TIMES = "times"
    KEY_FRAMES = "key frames"
    EXPOSURE = "exposure"
    BITRATE = "bitrate"
    DISK = "disk"
    FACE_CHECK = "face check"
    FAULTS = "faults"


class Finding(Document):
    """One aspect: what was seen, in one plain sentence with numbers, and what to do about it."""

    aspect: Aspect
    status: CheckStatus
    seen: str
    remedy: str = ""
    fault_code: str = ""


class SelfTestReport(Document):
    """All findings on a recording, which is kept in `folder`."""

    session_id: SessionId
    folder: Path
    findings: tuple[Finding, ...]

    @property
    def status(self) -> CheckStatus:
        """Pass, warn or fail: the worst of the findings."""
        found = {finding.status for finding in self.findings}
        return next((status for status in (CheckStatus.FAIL, CheckStatus.WARN) if status in found), CheckStatus.PASS)
