"""Which of the broker's commands are taken: the rules. `taking.py` carries out what they let through."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from rig.agent.states import AgentPhase
from shared.messages import CommandMessage, Intervention, Marking, Verb

LONGEST_PAYLOAD_BYTES = 16 * 1024

NOT_LIGHTLY = frozenset({AgentPhase.PREFLIGHT, AgentPhase.OPENING, AgentPhase.RECORDING})
"""Somebody works with an animal at the rig: starting or stopping needs `force` and a reason then."""

_ARGUMENTS: Mapping[Verb, type[Intervention | Marking]] = {
    Verb.START: Intervention,
    Verb.STOP: Intervention,
    Verb.MARKER: Marking,
}


@dataclass(frozen=True)
class Received:
    """A message on `cmd/<verb>`, as the broker delivered it."""

    verb: str
    payload: bytes
    retained: bool


@dataclass(frozen=True)
class Circumstances:
    """What a command is judged by."""

    now: datetime
    clock_trusted: bool
    """Whether `now` can tell that a command has expired, or the hub confirmed this one on another way."""
    phase: AgentPhase
    allow_commands: bool
    """Of the settings: whether anything but a marker is taken."""
    taken: Container[str]
    """Ids of the commands that came before."""


@dataclass(frozen=True)
class Ignored:
    """Nothing is done and nothing answered: its sender has its answer, or cannot be told."""

    why: str


@dataclass(frozen=True)
class Refused:
    """Nothing is done, and its sender is told why."""

    why: str


@dataclass(frozen=True)
class Accepted:
    """To be done."""

    arguments: Intervention | Marking


def read_command(received: Received) -> CommandMessage | Ignored:
    """The command in a message, unless it was kept by the broker or is none."""
    if received.retained:
        return Ignored("the broker kept it, and would deliver it at every start")
    if len(received.payload) > LONGEST_PAYLOAD_BYTES:
        return Ignored(f"{len(received.payload)} bytes are too many")
    try:
        return CommandMessage.model_validate_json(received.payload)
    except ValidationError as error:
        return Ignored(f"not a command: {_mistakes(error)}")


def judge(verb: str, command: CommandMessage, circumstances: Circumstances) -> Ignored | Refused | Accepted:
    """What becomes of a command; the first rule that speaks against it decides."""
    if command.id in circumstances.taken:
        return Ignored("it came before")
    if not circumstances.clock_trusted:
        return Refused("the rig's clock is not synchronised: it cannot tell whether the command has expired")
    if circumstances.now >= command.expires_at:
        return Refused(f"it expired at {command.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    if verb not in set(Verb):
        return Refused(f"there is no command {verb}")
    try:
        arguments = _ARGUMENTS[Verb(verb)].model_validate(command.args)
    except ValidationError as error:
        return Refused(_mistakes(error))
    if isinstance(arguments, Intervention) and (objection := _objection(arguments, circumstances)):
        return Refused(objection)
    return Accepted(arguments)


def _objection(intervention: Intervention, circumstances: Circumstances) -> str:
    """Why this rig is not started or stopped from afar now; empty when it may be."""
    if not circumstances.allow_commands:
        return "the rig's settings do not allow it: allow_commands under [mqtt]"
    if circumstances.phase in NOT_LIGHTLY and not (intervention.force and intervention.reason.strip()):
        return f"the rig is in use ({circumstances.phase.value}): only with force and a reason"
    return ""


def _mistakes(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
