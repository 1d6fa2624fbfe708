"""What may become of an analysis: the transitions, declared once, and the only function that changes the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.tables import Analysis
from shared.api import AnalysisState

TRANSITIONS: Mapping[AnalysisState, frozenset[AnalysisState]] = {
    AnalysisState.QUEUED: frozenset({AnalysisState.RUNNING, AnalysisState.CANCELLED}),
    AnalysisState.RUNNING: frozenset(
        {
            AnalysisState.DONE,
            AnalysisState.FAILED,
            AnalysisState.CANCELLED,
            AnalysisState.QUEUED,  # given back, to be tried again, or its worker is gone
        }
    ),
    AnalysisState.FAILED: frozenset({AnalysisState.QUEUED}),  # a person asks to try again
    AnalysisState.CANCELLED: frozenset({AnalysisState.QUEUED}),
    AnalysisState.DONE: frozenset(),
}


class TransitionForbidden(Exception):
    """A change of state that the table does not allow: a mistake in the program."""


def move(session: Session, row: Analysis, to: AnalysisState, **changes: Any) -> bool:
    """Change the state, and `changes` with it, unless somebody else changed state or fence since `row` was read.

    True when it was changed. `row` shows the database's content afterwards either way. Raises TransitionForbidden.
    """
    if to not in TRANSITIONS[row.state]:
        raise TransitionForbidden(f"{row.uid}: from {row.state} to {to}")
    as_read = (Analysis.id == row.id, Analysis.state == row.state, Analysis.fence.is_not_distinct_from(row.fence))
    changed = session.execute(update(Analysis).where(*as_read).values(state=to, **changes))
    session.refresh(row)
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]  # a CursorResult, typed as Result
