"""Following a session from the rig's disk to its scores: what the hub says, as stages, until there is a result."""

from __future__ import annotations

import time
from collections.abc import Callable

from hub.demo.display import Stage
from hub.web.quantities import size
from hub.web.words import newest_analysis, share_scored
from shared.api import AnalysisState, AnalysisView, FileState, SessionState, SessionView
from shared.client import Hub
from shared.faults import FAULTS, NO_PROGRESS, NOT_FOUND, GrimaceError

UPLOADING = "Uploading"
ASK_EVERY_S = 0.5
STALLED_AFTER_S = 180.0
"""Nothing takes this long here without any change: 20 frames are scored in seconds even on one slow core."""


def follow(hub: Hub, session_id: str, show: Callable[[Stage], None], check: Callable[[], None]) -> AnalysisView:
    """Show the stages of a session until it is scored, and answer its analysis.

    `check` is called between two looks and raises when going on makes no sense. Raises the fault for which the session was
    refused or its scoring failed, and E_NO_PROGRESS when nothing changes for three minutes.
    """
    last_stage: Stage | None = None
    changed_at_s = time.monotonic()
    while True:
        check()
        view = _session(hub, session_id)
        if view is not None and view.state is not SessionState.OPEN and last_stage is not None and last_stage.name == UPLOADING:
            show(Stage(UPLOADING, 1.0, size(sum(file.size_bytes for file in view.files))))
        if view is not None and (done := _outcome(view)) is not None:
            show(stage_of(view))
            return done
        stage = stage_of(view)
        show(stage)
        if stage != last_stage:
            last_stage, changed_at_s = stage, time.monotonic()
        if time.monotonic() - changed_at_s > STALLED_AFTER_S:
            raise GrimaceError(NO_PROGRESS, f"{stage.name} {stage.observed}".strip())
        time.sleep(ASK_EVERY_S)


def _session(hub: Hub, session_id: str) -> SessionView | None:
    try:
        return hub.session(session_id)
    except GrimaceError as error:
        if error.fault is NOT_FOUND:
            return None
        raise


def _outcome(view: SessionView) -> AnalysisView | None:
    """The finished analysis; raises what ended the session or its analysis without one."""
    if view.state is SessionState.REFUSED and view.fault is not None:
        raise GrimaceError(FAULTS[view.fault.code], view.fault.detail)
    analysis = newest_analysis(view)
    if analysis is None:
        return None
    if analysis.state is AnalysisState.FAILED and analysis.fault is not None:
        raise GrimaceError(FAULTS[analysis.fault.code], analysis.fault.detail)
    return analysis if analysis.state is AnalysisState.DONE else None


def stage_of(view: SessionView | None) -> Stage:
    """The stage that a session is in, as the hub sees it; None is a session that the hub has not heard of."""
    if view is None:
        return Stage(UPLOADING, None, "the rig prepares the session")
    if view.state is SessionState.OPEN:
        arrived, total = sum(file.offset_bytes for file in view.files), sum(file.size_bytes for file in view.files)
        return Stage(UPLOADING, arrived / total if total else None, f"{size(arrived)} of {size(total)}")
    if view.state is SessionState.RECEIVED:
        verified = sum(file.state is FileState.VERIFIED for file in view.files)
        return Stage("Verifying", verified / len(view.files), f"{verified} of {len(view.files)} files")
    analysis = newest_analysis(view)
    if analysis is None or analysis.state is AnalysisState.QUEUED:
        return Stage("Scoring", None, "waiting for the worker")
    if not analysis.frames_planned:
        return Stage("Scoring", None, "the worker opens the recording")
    again = f", attempt {analysis.attempt}" if analysis.attempt > 1 else ""
    return Stage("Scoring", share_scored(analysis), f"{analysis.frames_done} of {analysis.frames_planned} frames{again}")
