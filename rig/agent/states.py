"""The rig's states as people see them, and what leads from one to the next; there are no others.

The agent never decides that a recording runs: it reads that from the camera process, which reads it from the disk.
`docs/rig-states.md` is drawn from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class AgentPhase(StrEnum):
    SAFE_MODE = "safe-mode"  # the settings cannot be used: the screen says which line is wrong, and nobody records
    STARTING = "starting"  # the camera process does not answer yet
    IDLE = "idle"
    PREFLIGHT = "preflight"  # a recording is planned; its checks run, or wait for a person
    READY = "ready"  # every check passed or was waived
    OPENING = "opening"  # the recording is begun; no frame has reached the disk yet
    RECORDING = "recording"  # frames reach the disk
    FINALISING = "finalising"  # hashing, writing the manifest
    FAULT = "fault"  # the camera process is gone or silent; it is being restarted


class Occurrence(StrEnum):
    SETTINGS_BROKEN = "settings-broken"  # found while nobody records; a recording goes on to its end first
    SETTINGS_MENDED = "settings-mended"  # or a person goes on with the last good copy
    PLANNED = "planned"  # a person filled in what is recorded
    CHECKS_PASSED = "checks-passed"
    CHECKS_REOPENED = "checks-reopened"  # a check was run again
    CANCELLED = "cancelled"  # by a person, before the recording
    # What the camera process tells:
    SEEN_IDLE = "seen-idle"
    SEEN_OPENING = "seen-opening"
    SEEN_RECORDING = "seen-recording"
    SEEN_SEALING = "seen-sealing"
    SEEN_SALVAGING = "seen-salvaging"
    CAMERA_LOST = "camera-lost"  # no answer for three seconds, or no bytes


_WATCHING = (
    AgentPhase.STARTING,
    AgentPhase.IDLE,
    AgentPhase.PREFLIGHT,
    AgentPhase.READY,
    AgentPhase.OPENING,
    AgentPhase.RECORDING,
    AgentPhase.FINALISING,
    AgentPhase.FAULT,
)

_NOT_RECORDING = (AgentPhase.STARTING, AgentPhase.IDLE, AgentPhase.PREFLIGHT, AgentPhase.READY)

_SEEN: Mapping[Occurrence, AgentPhase] = {
    Occurrence.SEEN_OPENING: AgentPhase.OPENING,
    Occurrence.SEEN_RECORDING: AgentPhase.RECORDING,
    Occurrence.SEEN_SEALING: AgentPhase.FINALISING,
    Occurrence.SEEN_SALVAGING: AgentPhase.FINALISING,
    Occurrence.CAMERA_LOST: AgentPhase.FAULT,
}
"""Whatever the agent thought, this is so: it may just have been started, or somebody recorded from the command line."""

TRANSITIONS: Mapping[tuple[AgentPhase, Occurrence], AgentPhase] = {
    (AgentPhase.SAFE_MODE, Occurrence.SETTINGS_MENDED): AgentPhase.STARTING,
    **{(phase, Occurrence.SETTINGS_BROKEN): AgentPhase.SAFE_MODE for phase in _NOT_RECORDING},
    # A recording that runs on with the last good copy is shown whatever the file says now.
    (AgentPhase.SAFE_MODE, Occurrence.SEEN_OPENING): AgentPhase.OPENING,
    (AgentPhase.SAFE_MODE, Occurrence.SEEN_RECORDING): AgentPhase.RECORDING,
    (AgentPhase.SAFE_MODE, Occurrence.SEEN_SEALING): AgentPhase.FINALISING,
    (AgentPhase.IDLE, Occurrence.PLANNED): AgentPhase.PREFLIGHT,
    (AgentPhase.PREFLIGHT, Occurrence.CHECKS_PASSED): AgentPhase.READY,
    (AgentPhase.READY, Occurrence.CHECKS_REOPENED): AgentPhase.PREFLIGHT,
    (AgentPhase.PREFLIGHT, Occurrence.CANCELLED): AgentPhase.IDLE,
    (AgentPhase.READY, Occurrence.CANCELLED): AgentPhase.IDLE,
    **{(phase, occurrence): seen for phase in _WATCHING for occurrence, seen in _SEEN.items()},
    **{(phase, Occurrence.SEEN_IDLE): AgentPhase.IDLE for phase in _WATCHING},
    # Planning goes on while the camera idles.
    (AgentPhase.PREFLIGHT, Occurrence.SEEN_IDLE): AgentPhase.PREFLIGHT,
    (AgentPhase.READY, Occurrence.SEEN_IDLE): AgentPhase.READY,
}


def next_phase(phase: AgentPhase, occurrence: Occurrence) -> AgentPhase | None:
    """The phase that follows, or None when the occurrence is not possible in this one: refuse what a person asked for."""
    return TRANSITIONS.get((phase, occurrence))
