"""The verdict on the last recording in words: is it enough, what is missing, what comes next, and the score when it is there."""

from __future__ import annotations

from rig.agent.snapshot import Verdict
from rig.screen.quantities import span
from rig.screen.texts import FaultWords, Texts
from rig.upload.commands import QueueReport
from shared.documents import Document
from shared.face_check import CHECKED_FAUS


class ShownFault(Document):
    href: str
    text: str


class ShownVerdict(Document):
    kind: str
    """`enough`, `too-little`, `unknown` or `nothing`."""
    title: str
    summary: str
    about: str
    dropped: str
    dropped_any: bool
    next: str
    score: str
    score_warning: str
    faults: tuple[ShownFault, ...]


def show_verdict(verdict: Verdict, queue: QueueReport | None, frame_rate: float, texts: Texts) -> ShownVerdict:
    """Nothing is judged that was not seen: without a face check the verdict is `unknown`."""
    counts, coverage = verdict.session.counts, verdict.session.coverage
    kind = kind_of(verdict)
    recorded_s = counts.expected / frame_rate if counts else 0.0
    if coverage is not None:
        summary = texts(
            "verdict.scorable", scorable=f"{coverage.scorable_s:.0f}", recorded=f"{recorded_s:.0f}", faus=len(CHECKED_FAUS)
        )
    else:
        summary = texts("verdict.recorded", time=span(texts, recorded_s))
    study = verdict.study
    return ShownVerdict(
        kind=kind,
        title=texts(f"verdict.{kind}.title"),
        summary=summary,
        about=" · ".join(filter(None, (study.animal, study.study, study.phase))),
        dropped=f"{counts.dropped}" if counts else texts("unit.none"),
        dropped_any=counts is not None and counts.dropped > 0,
        next=texts(f"verdict.{kind}.next"),
        score=_score(verdict, queue, texts),
        score_warning=texts("verdict.placeholder") if verdict.scored_placeholder and verdict.scored_mean is not None else "",
        faults=tuple(_fault(texts.fault(code)) for code in dict.fromkeys(fault.code for fault in verdict.session.faults)),
    )


def kind_of(verdict: Verdict) -> str:
    if verdict.session.outcome in {"empty", "unsealed"}:
        return "nothing" if verdict.session.outcome == "empty" else "unsealed"
    if verdict.sufficient is None:
        return "unknown"
    return "enough" if verdict.sufficient else "too-little"


def _score(verdict: Verdict, queue: QueueReport | None, texts: Texts) -> str:
    if verdict.scored_mean is None:
        return texts("verdict.no_hub" if queue is not None and queue.hub_url is None else "verdict.no_score")
    return texts("verdict.score", mean=f"{verdict.scored_mean:.1f}", frames=verdict.scored_frames or 0)


def _fault(words: FaultWords) -> ShownFault:
    return ShownFault(href=f"/faults/{words.code}", text=words.text)
