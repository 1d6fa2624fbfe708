"""The recording in words: time, coverage, goal, the face at this moment, and what a technician can do about it."""

from __future__ import annotations

from rig.agent.snapshot import Advice, RigSnapshot
from rig.control import RecordingState
from rig.screen.quantities import percent, size, span, timer
from rig.screen.texts import Texts
from shared.detections import Part
from shared.documents import Document
from shared.face_check import CHECKED_FAUS
from shared.grimace import Fau

FRESH_S = 5.0
"""An older check says nothing of the face as it is now."""


class ShownFau(Document):
    fau: Fau
    name: str
    lit: bool
    word: str


class ShownBox(Document):
    """A box over the preview, in shares of its width and height."""

    part: Part
    name: str
    left: float
    top: float
    right: float
    bottom: float


class ShownFace(Document):
    """The face as the newest check saw it; nothing is lit when that is too long ago."""

    fresh: bool
    headline: str
    faus: tuple[ShownFau, ...]
    boxes: tuple[ShownBox, ...]
    advice: str
    advice_kind: str


class ShownRecording(Document):
    remaining: str
    planned: str
    elapsed: str
    progress: float
    """Share of the planned time that has passed."""
    coverage: str
    coverage_share: float
    scorable: str
    goal: str
    goal_share: float
    goal_reached: bool
    dropped: str
    dropped_any: bool
    written: str
    markers: str
    part: str


def show_recording(snapshot: RigSnapshot, recording: RecordingState, texts: Texts) -> ShownRecording:
    """`snapshot.remaining_s` is the agent's; without it, it is what the planned time leaves."""
    remaining_s = snapshot.remaining_s or max(0.0, recording.planned_s - recording.elapsed_s)
    coverage, goal = recording.coverage, recording.goal
    reached = coverage.goal_reached_at_s is not None
    return ShownRecording(
        remaining=timer(remaining_s),
        planned=texts("recording.until_goal" if recording.end_at_goal else "recording.of", time=timer(recording.planned_s)),
        elapsed=timer(recording.elapsed_s),
        progress=min(1.0, recording.elapsed_s / recording.planned_s) if recording.planned_s else 0.0,
        coverage=texts("unit.none") if coverage.share is None else percent(texts, coverage.share),
        coverage_share=coverage.share or 0.0,
        scorable=f"{coverage.scorable_s:.0f}",
        goal=_say_goal(recording, texts),
        goal_share=1.0 if reached else min(1.0, coverage.scorable_s_in_time / goal.scorable_s),
        goal_reached=reached,
        dropped=f"{recording.frames_dropped}",
        dropped_any=recording.frames_dropped > 0,
        written=size(texts, recording.bytes_written or recording.part_bytes),
        markers=f"{recording.markers}",
        part=texts("recording.part", n=recording.part) if recording.part > 1 else "",
    )


def _say_goal(recording: RecordingState, texts: Texts) -> str:
    coverage, goal = recording.coverage, recording.goal
    if coverage.goal_reached_at_s is not None:
        return texts("recording.goal_reached", goal=f"{goal.scorable_s:.0f}")
    return texts(
        "recording.goal",
        done=f"{coverage.scorable_s_in_time:.0f}",
        goal=f"{goal.scorable_s:.0f}",
        minutes=f"{goal.within_s / 60:g}",
    )


def show_face(snapshot: RigSnapshot, texts: Texts) -> ShownFace:
    """Boxes, lit units, and the one advice that matters most (the agent's first)."""
    fresh = snapshot.face is not None and snapshot.face_age_s is not None and snapshot.face_age_s <= FRESH_S
    face = snapshot.face if fresh else None
    visible = set(face.visible) if face else set()
    advice = snapshot.advice[0] if snapshot.advice else None
    if face is None:
        headline = texts("face.unknown")
    elif not face.parts:
        headline = texts("face.none")
    else:
        headline = texts("face.visible", n=len(visible & set(CHECKED_FAUS)), all=len(CHECKED_FAUS))
    return ShownFace(
        fresh=fresh,
        headline=headline,
        faus=tuple(
            ShownFau(
                fau=fau,
                name=texts(f"fau.{fau.value}"),
                lit=fau in visible,
                word=texts("face.seen" if fau in visible else "face.hidden" if face else "face.not_known"),
            )
            for fau in CHECKED_FAUS
        ),
        boxes=tuple(
            ShownBox(
                part=seen.part,
                name=texts(f"part.{seen.part.value}"),
                left=seen.left,
                top=seen.top,
                right=seen.right,
                bottom=seen.bottom,
            )
            for seen in (face.parts if face else ())
        ),
        advice=say_advice(advice, texts) if advice else "",
        advice_kind=advice.kind.value if advice else "",
    )


def say_advice(advice: Advice, texts: Texts) -> str:
    """What is wrong, for how long, and what to do, in one line."""
    what = texts(f"fau.{advice.fau.value}") if advice.fau else ""
    return texts(f"advice.{advice.kind.value}", what=what, time=span(texts, advice.for_s))
