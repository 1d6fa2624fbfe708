"""A rig with a real camera process and an agent: in the test's own process, or one that can be killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from rig.agent.desk import Desk
from rig.agent.process import Agent
from rig.agent.snapshot import RecordingPlan, RigSnapshot
from rig.agent.states import AgentPhase
from rig.settings_file import SettingsFile
from shared.clock import SystemClock
from shared.manifest import CheckStatus, StudyMetadata
from tests.processes import until
from tests.rig.rig_process import RigProcess

PACED = 'source = "pattern"\nwidth_px = 160\nheight_px = 90\nbitrate_bps = 300000'
SCREEN_ONLY = "[screen]\nport = 0\n[face_check]\nenabled = false"
ABOUT = StudyMetadata(study="S1", animal="m1", operator="Ada")


def plan(seconds: float) -> RecordingPlan:
    return RecordingPlan(study=ABOUT, duration_s=seconds)


@contextmanager
def desk_of(rig: RigProcess) -> Iterator[Desk]:
    """The desk of an agent that works in this process."""
    file = SettingsFile(rig.config)
    agent = Agent(file, file.load_usable(), SystemClock())
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield agent.desk
    finally:
        agent.ask_to_end(0)
        thread.join(20)


def wait_for(desk: Desk, condition: Callable[[RigSnapshot], bool], within_s: float = 30) -> RigSnapshot:
    """The first snapshot of which it is true."""
    seq = -1

    def changed() -> RigSnapshot | None:
        nonlocal seq
        snapshot = desk.wait_for_change(seq, 1.0)
        seq = snapshot.seq
        return snapshot if condition(snapshot) else None

    return until(changed, within_s, every_s=0)


def wait_for_phase(desk: Desk, phase: AgentPhase, within_s: float = 30) -> RigSnapshot:
    return wait_for(desk, lambda snapshot: snapshot.phase is phase, within_s)


def make_ready(desk: Desk, seconds: float) -> None:
    """Plan a recording, and accept whatever the checks warn of: a generated scene is no chamber."""
    wait_for_phase(desk, AgentPhase.IDLE)
    desk.plan(plan(seconds))
    report = wait_for(desk, lambda snapshot: snapshot.preflight is not None and snapshot.preflight.done).preflight
    assert report is not None
    for result in report.results:
        if result.status is CheckStatus.WARN:
            desk.waive(result.check, "a test")
    wait_for_phase(desk, AgentPhase.READY)


def shown_by(rig: RigProcess) -> RigSnapshot | None:
    """What the screen of an agent process shows; None while it does not answer."""
    try:
        url = (rig.data_folder / "screen.url").read_text(encoding="ascii").strip()
        return RigSnapshot.model_validate_json(requests.get(f"{url}/state", timeout=5).content)
    except (OSError, requests.RequestException):
        return None


def wait_until_shown(rig: RigProcess, condition: Callable[[RigSnapshot], bool], within_s: float = 40) -> RigSnapshot:
    def seen() -> RigSnapshot | None:
        snapshot = shown_by(rig)
        return snapshot if snapshot is not None and condition(snapshot) else None

    return until(seen, within_s)
