"""A desk without a rig: it obeys the declared states, can be put into any of them, and remembers what was asked of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from rig.agent.snapshot import RecordingPlan, RigSnapshot
from rig.agent.states import AgentPhase, Occurrence, next_phase
from rig.control import RecordingState
from rig.preflight.report import CheckName, CheckResult, PreflightReport
from shared.clock import SystemClock
from shared.faults import NOT_NOW, PREFLIGHT_MISSING, GrimaceError
from shared.manifest import CheckStatus

SESSION = "3f2b8c1e-0000-4000-8000-000000000001"


@dataclass
class DeskInMemory:
    """`becomes` puts the rig into a state; `asked` is what the screen wanted."""

    now: RigSnapshot
    asked: list[tuple[str, Any]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    def idle(cls, **values: Any) -> DeskInMemory:
        return cls(
            RigSnapshot(
                seq=1,
                boot_id="b",
                at=SystemClock().now(),
                rig_id="rig-1",
                software_version="0.1.0",
                **{"phase": AgentPhase.IDLE, **values},
            )
        )

    def becomes(self, **values: Any) -> None:
        with self.changed:
            self.now = self.now.model_copy(update={"seq": self.now.seq + 1, "at": SystemClock().now(), **values})
            self.changed.notify_all()

    def snapshot(self) -> RigSnapshot:
        return self.now

    def wait_for_change(self, after_seq: int, timeout_s: float) -> RigSnapshot:
        with self.changed:
            self.changed.wait_for(lambda: self.now.seq > after_seq, timeout_s)
            return self.now

    def plan(self, plan: RecordingPlan) -> None:
        self.asked.append(("plan", plan))
        self._occurs(Occurrence.PLANNED, plan=plan, preflight=PreflightReport())

    def check_again(self) -> None:
        self.asked.append(("check_again", None))

    def waive(self, check: CheckName, reason: str) -> None:
        self.asked.append(("waive", (check, reason)))
        report = self.now.preflight or PreflightReport()
        waived = tuple(
            result.model_copy(update={"waived_because": reason}) if result.check is check else result for result in report.results
        )
        self.checks(*waived)

    def cancel(self) -> None:
        self.asked.append(("cancel", None))
        self._occurs(Occurrence.CANCELLED, plan=None, preflight=None)

    def start(self, issuer: str) -> None:
        self.asked.append(("start", issuer))
        if self.now.phase is not AgentPhase.READY or self.now.plan is None:
            raise GrimaceError(PREFLIGHT_MISSING)
        self.becomes(phase=AgentPhase.RECORDING, recording=recording_of(self.now.plan))

    def stop(self, issuer: str) -> None:
        self.asked.append(("stop", issuer))
        self.becomes(phase=AgentPhase.FINALISING)

    def mark(self, text: str, issuer: str) -> None:
        self.asked.append(("mark", (text, issuer)))

    def dismiss_verdict(self) -> None:
        self.asked.append(("dismiss_verdict", None))
        self.becomes(verdict=None)

    def accept_last_good_settings(self) -> None:
        self.asked.append(("accept_last_good_settings", None))

    def checks(self, *results: CheckResult) -> None:
        """The checks end with these results."""
        report = PreflightReport(results=results, done=True)
        phase = next_phase(self.now.phase, Occurrence.CHECKS_PASSED) if report.passed else self.now.phase
        self.becomes(preflight=report, phase=phase)

    def all_checks_pass(self) -> None:
        self.checks(*(CheckResult(check=check, status=CheckStatus.PASS, seen="as it should be") for check in CheckName))

    def _occurs(self, occurrence: Occurrence, **values: Any) -> None:
        phase = next_phase(self.now.phase, occurrence)
        if phase is None:
            raise GrimaceError(NOT_NOW, f"the rig is {self.now.phase.value}")
        self.becomes(phase=phase, **values)


def recording_of(plan: RecordingPlan, **values: Any) -> RecordingState:
    """The plan, being recorded for some seconds."""
    seen: dict[str, Any] = {
        "session_id": SESSION,
        "folder": "/data/sessions/x",
        "planned_s": plan.duration_s,
        "elapsed_s": 10.0,
        "part": 1,
        "part_frames_captured": 300,
        "part_frames_written": 300,
        "part_bytes": 10_000_000,
        "bytes_written": 10_000_000,
        "last_write_age_s": 0.4,
        "goal": plan.goal,
        "end_at_goal": plan.end_at_goal,
        "study": plan.study,
    }
    return RecordingState.model_validate({**seen, **values})
