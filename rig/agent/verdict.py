"""What a finished recording came to, in the terms of the person who made it. Pure."""

from __future__ import annotations

from datetime import datetime

from rig.agent.snapshot import Verdict
from rig.control import FinishedSession
from rig.upload.news import SessionResult
from shared.face_check import Coverage, SufficiencyGoal
from shared.manifest import StudyMetadata


def verdict_of(session: FinishedSession, study: StudyMetadata, ended_at: datetime, result: SessionResult | None) -> Verdict:
    """The verdict; without the hub's result, or before it is there, what the rig knows by itself."""
    verdict = Verdict(session=session, study=study, ended_at=ended_at, sufficient=is_sufficient(session.coverage, session.goal))
    return with_result(verdict, result)


def is_sufficient(coverage: Coverage | None, goal: SufficiencyGoal | None) -> bool | None:
    """Whether the goal was reached in its time; None when the face check saw nothing of the session."""
    if coverage is None or goal is None or coverage.checks == 0:
        return None
    return coverage.goal_reached_at_s is not None


def with_result(verdict: Verdict, result: SessionResult | None) -> Verdict:
    """The verdict with what the hub has found, if it has."""
    if result is None or result.mean_mgs is None:
        return verdict
    scored = {"scored_mean": result.mean_mgs, "scored_frames": result.frames_all_faus, "scored_placeholder": result.placeholder}
    return verdict.model_copy(update=scored)
