"""What the hub tells the rig: whom there is to film, and what it found in the sessions that it has.

The uploader process fetches and keeps it (`news_fetching`); everybody else reads the last word here, with or without a network.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypeVar

from pydantic import NonNegativeInt, ValidationError

from shared.api import AnalysisState, AnalysisView, Roster, SessionView, Warn
from shared.documents import Document, SessionId, UtcTime

log = logging.getLogger(__name__)

FINAL = frozenset({AnalysisState.DONE, AnalysisState.FAILED, AnalysisState.CANCELLED})
"""Nothing more comes of an analysis in one of these states by itself."""

Kept = TypeVar("Kept", bound=Document)


class SessionResult(Document):
    """What the hub found in a session, or how far it is. `mean_mgs` is over the frames with all units, if there are any."""

    session_id: SessionId
    state: AnalysisState
    build: str
    told_at: UtcTime
    """When the hub said so."""
    mean_mgs: float | None = None
    frames_analysed: NonNegativeInt = 0
    frames_all_faus: NonNegativeInt = 0
    placeholder: bool = False
    """The build was never validated on real animals: its scores must not be used."""
    fault: Warn | None = None
    """Why the analysis failed."""
    warnings: tuple[Warn, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


def read_roster(data_folder: Path) -> Roster | None:
    """The roster as the hub told it last; None before it ever did."""
    return _read(Roster, roster_path(data_folder))


def read_result(data_folder: Path, session_id: str) -> SessionResult | None:
    """What the hub said last of this session; None while it has not begun an analysis, or cannot be asked."""
    return _read(SessionResult, result_path(data_folder, session_id))


def result_of(view: SessionView, told_at: UtcTime) -> SessionResult | None:
    """The session's result: of the newest analysis that is done, else of the newest; None when there is none."""
    newest_first = sorted(view.analyses, key=lambda analysis: analysis.created_at, reverse=True)
    done = (analysis for analysis in newest_first if analysis.state is AnalysisState.DONE)
    analysis = next(done, None) or next(iter(newest_first), None)
    return _result(view, analysis, told_at) if analysis else None


def _result(view: SessionView, analysis: AnalysisView, told_at: UtcTime) -> SessionResult:
    summary = analysis.summary
    return SessionResult(
        session_id=view.session_id,
        state=analysis.state,
        build=analysis.build,
        told_at=told_at,
        mean_mgs=summary.mean_mgs if summary else None,
        frames_analysed=summary.frames_analysed if summary else 0,
        frames_all_faus=summary.frames_all_faus if summary else 0,
        placeholder=summary.placeholder if summary else False,
        fault=analysis.fault,
        warnings=(*view.warnings, *(summary.warnings if summary else ())),
    )


def roster_path(data_folder: Path) -> Path:
    return data_folder / "news" / "roster.json"


def result_path(data_folder: Path, session_id: str) -> Path:
    return data_folder / "news" / "results" / f"{session_id}.json"


def _read(kind: type[Kept], path: Path) -> Kept | None:
    """What is damaged or was written by another version counts as not there: the uploader fetches it again."""
    try:
        return kind.read(path)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("%s cannot be read: %s", path.name, error)
        return None
