"""Writes `docs/rig-states.md` from the state machines that the rig runs: `python docs/rig_states.py`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rig.agent import states as agent
from rig.camera import states as camera
from rig.outbox import states as outbox

PAGE = Path(__file__).parent / "rig-states.md"

INTRODUCTION = """\
# The states of a rig

<!-- Made from rig/agent/states.py, rig/camera/states.py and rig/outbox/states.py by `python docs/rig_states.py`; a test keeps it
current. -->

Three state machines run a rig, one in each of its processes, and each is a table in the code. The camera process knows what it
does with the disk. The agent shows what it hears of that, and decides nothing about it: killed and started again, it is in the
right state with the first word it hears. The uploader moves each session on its way to the hub.
"""


@dataclass(frozen=True)
class Machine:
    """A state machine as it is drawn. `first` are the states it may begin in."""

    title: str
    text: str
    first: tuple[StrEnum, ...]
    ways: Mapping[tuple[str, str], tuple[str, ...]]
    """What leads from one state to another."""


ANY_STATE = "any-state"
MANY = 5
"""An occurrence that leads from so many states to the same one is drawn once."""


def ways_of(transitions: Mapping[tuple[StrEnum, StrEnum], StrEnum]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The occurrences by where they lead from and to; those that change nothing are left out."""
    open_to = Counter((occurrence, after) for (_, occurrence), after in transitions.items())
    ways: dict[tuple[str, str], tuple[str, ...]] = defaultdict(tuple)
    for (before, occurrence), after in transitions.items():
        origin = ANY_STATE if open_to[occurrence, after] >= MANY else before.value
        if before is not after and occurrence.value not in ways[origin, after.value]:
            ways[origin, after.value] += (occurrence.value,)
    return {way: occurrences for way, occurrences in ways.items() if occurrences}


MACHINES = (
    Machine(
        "The agent: what people see",
        "`seen-…` is what the camera process tells: whatever the agent thought before, that is so (`any_state`).\n"
        "`recording` is shown only while bytes reach the disk. A plan goes on while the camera idles. Safe mode waits for\n"
        "the end of a recording, and does not hide one.",
        (agent.AgentPhase.STARTING, agent.AgentPhase.SAFE_MODE),
        ways_of(agent.TRANSITIONS),
    ),
    Machine(
        "The camera process: what happens to the session",
        "It films in every state. A fault ends the process; the next one salvages, and goes on with the session as its next\n"
        "part.",
        (camera.Phase.SALVAGING,),
        ways_of(camera.TRANSITIONS),
    ),
    Machine(
        "The outbox: a session on its way to the hub",
        "`quarantined` and `refused` wait for a person; nothing is deleted here before it is `confirmed`.",
        (outbox.State.QUEUED,),
        {(before.value, after.value): () for before, reached in outbox.TRANSITIONS.items() for after in sorted(reached)},
    ),
)


def diagram(machine: Machine) -> str:
    """The machine as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {_name(state.value)}" for state in machine.first]
    for (before, after), occurrences in machine.ways.items():
        label = f": {', '.join(occurrences)}" if occurrences else ""
        lines.append(f"    {_name(before)} --> {_name(after)}{label}")
    return "\n".join(["```mermaid", *lines, "```"])


def _name(state: str) -> str:
    """Mermaid takes no hyphens in names of states."""
    return state.replace("-", "_")


def page(machines: Iterable[Machine] = MACHINES) -> str:
    """The whole page."""
    sections = [f"## {machine.title}\n\n{machine.text}\n\n{diagram(machine)}\n" for machine in machines]
    return "\n".join([INTRODUCTION, *sections])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
