"""Who may do what: one table. A route names its action; an action without a line here cannot be checked and fails at import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from hub.tables import Role


class Who(StrEnum):
    """What a token stands for."""

    RIG = "rig"
    WORKER = "worker"
    STANDARD = Role.STANDARD
    SCORER = Role.SCORER
    SUPERVISOR = Role.SUPERVISOR


class Action(StrEnum):
    """What can be asked of the hub."""

    ANNOUNCE_SESSION = auto()
    UPLOAD_FILE = auto()
    READ_SESSION = auto()
    READ_RESULT = auto()
    START_ANALYSIS = auto()
    CANCEL_ANALYSIS = auto()
    REPORT_HEARTBEAT = auto()
    READ_ROSTER = auto()
    ENROL_RIG = auto()
    SCORE = auto()


PEOPLE = frozenset({Who.STANDARD, Who.SCORER, Who.SUPERVISOR})

RULES: Mapping[Action, frozenset[Who]] = {
    Action.ANNOUNCE_SESSION: PEOPLE | {Who.RIG},
    Action.UPLOAD_FILE: PEOPLE | {Who.RIG},
    Action.READ_SESSION: PEOPLE | {Who.RIG},
    Action.READ_RESULT: PEOPLE | {Who.RIG},
    Action.START_ANALYSIS: PEOPLE,
    Action.CANCEL_ANALYSIS: PEOPLE,
    Action.REPORT_HEARTBEAT: frozenset({Who.RIG}),
    Action.READ_ROSTER: frozenset({Who.RIG}),
    Action.ENROL_RIG: frozenset({Who.SUPERVISOR}),
    Action.SCORE: frozenset({Who.WORKER}),
}


@dataclass(frozen=True)
class Actor:
    """Who is asking: made from a token, carried to every query. A worker serves the whole site and has no lab."""

    who: Who
    token_id: int
    lab_id: int | None = None
    user_id: int | None = None
    rig_id: int | None = None

    def may(self, action: Action) -> bool:
        return self.who in RULES[action]
