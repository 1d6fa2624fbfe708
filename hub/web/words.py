"""What a session's and an analysis's state means, in plain words, and how far along it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.web.quantities import counted, moment, percent, rate, size
from shared.api import AnalysisState, AnalysisView, FileState, SessionState, SessionView, Warn


class Tone(StrEnum):
    """How a state looks: the stylesheet has a colour and a sign for each."""

    WAITING = "waiting"
    WORKING = "working"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Step:
    """A leg of the way from the camera to the scores."""

    name: str
    tone: Tone
    note: str = ""


@dataclass(frozen=True)
class Status:
    """Where a session stands. `share` (0 to 1) is the progress of the work under way; a settled one changes no more by itself."""

    title: str
    sentence: str
    tone: Tone
    steps: tuple[Step, ...]
    share: float | None = None
    settled: bool = False
    fault: Warn | None = None


def newest_analysis(view: SessionView) -> AnalysisView | None:
    """The analysis that speaks for the session: the last finished one, else the last one."""
    finished = [analysis for analysis in view.analyses if analysis.state is AnalysisState.DONE]
    return next(iter((finished or list(view.analyses))[::-1]), None)


def status_of(view: SessionView) -> Status:
    """Say where the session stands."""
    if view.state is SessionState.OPEN:
        return _uploading(view)
    if view.state is SessionState.RECEIVED:
        return _verifying(view)
    if view.state is SessionState.REFUSED:
        return _refused(view)
    return _stored(view)


def _steps(*states: tuple[Tone, str]) -> tuple[Step, ...]:
    names = ("Recorded", "Uploaded", "Verified", "Scored")
    known = list(states) + [(Tone.WAITING, "")] * (len(names) - len(states))
    return tuple(Step(name, tone, note) for name, (tone, note) in zip(names, known, strict=True))


def _recorded(view: SessionView) -> tuple[Tone, str]:
    return Tone.GOOD, moment(view.recorded_at)


def _uploaded(view: SessionView) -> tuple[Tone, str]:
    return Tone.GOOD, size(sum(file.size_bytes for file in view.files))


def _uploading(view: SessionView) -> Status:
    total = sum(file.size_bytes for file in view.files)
    arrived = sum(file.offset_bytes for file in view.files)
    if arrived == 0:
        sentence = f"Announced with {counted(len(view.files), 'file')} ({size(total)}). The upload has not begun."
        return Status("Waiting for the upload", sentence, Tone.WAITING, _steps(_recorded(view)))
    share = arrived / total if total else 1.0
    sentence = f"{size(arrived)} of {size(total)} are safe on the hub's disk. An interrupted upload goes on from here."
    steps = _steps(_recorded(view), (Tone.WORKING, percent(share)))
    return Status("Uploading", sentence, Tone.WORKING, steps, share)


def _verifying(view: SessionView) -> Status:
    verified = sum(file.state is FileState.VERIFIED for file in view.files)
    sentence = "All files have arrived. The hub reads them again, compares their SHA-256 and checks the video against its ledger."
    steps = _steps(_recorded(view), _uploaded(view), (Tone.WORKING, f"{verified} of {counted(len(view.files), 'file')}"))
    return Status("Verifying", sentence, Tone.WORKING, steps, verified / len(view.files))


def _refused(view: SessionView) -> Status:
    steps = _steps(_recorded(view), _uploaded(view), (Tone.BAD, "refused"))
    sentence = "The files are kept, but they cannot be scored."
    return Status("Refused", sentence, Tone.BAD, steps, settled=True, fault=view.fault)


def _stored(view: SessionView) -> Status:
    stored = moment(view.receipt.stored_at) if view.receipt else ""
    before = (_recorded(view), _uploaded(view), (Tone.GOOD, stored))
    analysis = newest_analysis(view)
    if analysis is None:
        sentence = "Every file is on the hub's disk and has its announced SHA-256. No analysis has been started."
        return Status("Stored", sentence, Tone.GOOD, _steps(*before), settled=True)
    running = any(other.state in {AnalysisState.QUEUED, AnalysisState.RUNNING} for other in view.analyses)
    scored = scoring_step(analysis)
    return Status(
        title=analysis_title(analysis),
        sentence=analysis_sentence(analysis),
        tone=scored.tone,
        steps=_steps(*before, (scored.tone, scored.note)),
        share=share_scored(analysis) if analysis.state is AnalysisState.RUNNING else None,
        settled=not running,
        fault=analysis.fault if analysis.state is AnalysisState.FAILED else None,
    )


def scoring_step(analysis: AnalysisView) -> Step:
    """The last leg, as the analysis has it."""
    tone, note = {
        AnalysisState.QUEUED: (Tone.WAITING, "queued"),
        AnalysisState.RUNNING: (Tone.WORKING, percent(share_scored(analysis))),
        AnalysisState.DONE: (Tone.GOOD, moment(analysis.ended_at)),
        AnalysisState.FAILED: (Tone.BAD, "failed"),
        AnalysisState.CANCELLED: (Tone.BAD, "cancelled"),
    }[analysis.state]
    return Step("Scored", tone, note)


def share_scored(analysis: AnalysisView) -> float | None:
    """How much of the analysis is done, 0 to 1; None before the worker knows how many frames there are."""
    return analysis.frames_done / analysis.frames_planned if analysis.frames_planned else None


def analysis_title(analysis: AnalysisView) -> str:
    """The analysis's state in one or two words."""
    return {
        AnalysisState.QUEUED: "Waiting for a worker",
        AnalysisState.RUNNING: "Scoring",
        AnalysisState.DONE: "Scored",
        AnalysisState.FAILED: "Scoring failed",
        AnalysisState.CANCELLED: "Cancelled",
    }[analysis.state]


def analysis_sentence(analysis: AnalysisView) -> str:
    """The analysis's state in a sentence."""
    if analysis.state is AnalysisState.RUNNING:
        again = f" This is attempt {analysis.attempt}." if analysis.attempt > 1 else ""
        if not analysis.frames_planned:
            return f"The worker opens the recording.{again}"
        return f"{analysis.frames_done} of {counted(analysis.frames_planned, 'frame')} done.{again}"
    if analysis.state is AnalysisState.DONE and analysis.summary is not None:
        frames = counted(analysis.summary.frames_analysed, "frame")
        return f"{frames} analysed at {rate(analysis.rate)} with the build {analysis.build}."
    return {
        AnalysisState.QUEUED: "The analysis is queued and starts as soon as a worker is free.",
        AnalysisState.DONE: f"Analysed with the build {analysis.build}.",
        AnalysisState.FAILED: f"Given up after {counted(analysis.attempt, 'attempt')}.",
        AnalysisState.CANCELLED: "The analysis was cancelled; it has no scores.",
    }[analysis.state]
