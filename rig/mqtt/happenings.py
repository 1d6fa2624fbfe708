"""What happened between two looks at the rig: the events that its watchers are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rig.agent.snapshot import RigSnapshot, Verdict
from rig.control import RecordingState
from rig.upload.commands import QueueReport
from shared.messages import EventKind


@dataclass(frozen=True)
class Happening:
    """An event before it is stamped. `data` holds counts and states, never names."""

    kind: EventKind
    session_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


class Observer:
    """Compares each snapshot with what was seen before. The first one is where it starts from: it tells nothing."""

    def __init__(self) -> None:
        self._before: RigSnapshot | None = None
        self._recording: RecordingState | None = None
        """The last one seen; a camera process that is restarted tells none for a while, and then goes on with it."""

    def observe(self, rig: RigSnapshot) -> list[Happening]:
        """What is new, in the order in which it happened."""
        before, self._before = self._before, rig
        last, self._recording = self._recording, rig.recording or self._recording
        if before is None:
            return []
        return [
            *_during_recording(last, rig.recording),
            *_with_verdict(before.verdict, rig.verdict, self._recording),
            *_in_queue(before.queue, rig.queue),
        ]


def _during_recording(last: RecordingState | None, now: RecordingState | None) -> Iterator[Happening]:
    if now is None:
        return
    if last is None or last.session_id != now.session_id:
        yield Happening(EventKind.SESSION_STARTED, now.session_id, {"planned_s": now.planned_s})
        return
    if now.part > last.part:
        yield Happening(EventKind.SEGMENT_CLOSED, now.session_id, {"part": last.part})
    if now.frames_dropped > last.frames_dropped:
        missing = now.frames_dropped - last.frames_dropped
        yield Happening(EventKind.GAP, now.session_id, {"frames": missing, "longest_gap_ms": now.longest_gap_ms})
    for number in range(last.markers + 1, now.markers + 1):
        yield Happening(EventKind.MARKER, now.session_id, {"number": number})


def _with_verdict(before: Verdict | None, now: Verdict | None, recording: RecordingState | None) -> Iterator[Happening]:
    if now is None:
        return
    session = now.session
    if before is None or before.session.session_id != session.session_id:
        if recording is not None and recording.session_id == session.session_id:
            yield Happening(EventKind.SEGMENT_CLOSED, session.session_id, {"part": recording.part})
        yield Happening(EventKind.SESSION_CLOSED, session.session_id, _outcome(now))
        if session.outcome == "recovered":
            yield Happening(EventKind.RECOVERED, session.session_id)
    elif before.scored_frames is None and now.scored_frames is not None:
        yield Happening(EventKind.RESULT_READY, session.session_id, {"scored_frames": now.scored_frames})


def _outcome(verdict: Verdict) -> dict[str, Any]:
    session = verdict.session
    counts = session.counts
    return {
        "outcome": session.outcome,
        "sufficient": verdict.sufficient,
        "scorable_s": session.coverage.scorable_s if session.coverage else None,
        "frames_written": counts.written if counts else 0,
        "frames_dropped": counts.dropped if counts else 0,
    }


def _in_queue(before: QueueReport | None, now: QueueReport | None) -> Iterator[Happening]:
    if before is None or now is None:
        return
    if now.on_hub > before.on_hub:
        known = {session.session_id for session in (*now.waiting, *now.stopped)}
        for session in before.waiting:
            if session.session_id not in known:
                yield Happening(EventKind.UPLOAD_CONFIRMED, session.session_id, {"size_bytes": session.size_bytes})
    if now.deleted_here > before.deleted_here:
        yield Happening(EventKind.LOCAL_DELETED, None, {"sessions": now.deleted_here - before.deleted_here})
