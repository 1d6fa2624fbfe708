"""What people may ask of the rig: the one door for touchscreen and MQTT alike."""

from __future__ import annotations

from typing import Protocol

from rig.agent.snapshot import RecordingPlan, RigSnapshot
from rig.preflight.report import CheckName


class Desk(Protocol):
    """Every method but the first two raises GrimaceError, with a fault for the screen, when it cannot be done now.

    `issuer` says who asks, for the session's events: `screen`, `mqtt:NAME`.
    """

    def snapshot(self) -> RigSnapshot:
        """The rig now."""

    def wait_for_change(self, after_seq: int, timeout_s: float) -> RigSnapshot:
        """The rig as soon as its `seq` is larger than `after_seq`, or after the time-out."""

    def plan(self, plan: RecordingPlan) -> None:
        """Begin the checks for a recording (IDLE only: E_NOT_NOW)."""

    def check_again(self) -> None:
        """Run the checks anew; waivers are kept for what still warns."""

    def waive(self, check: CheckName, reason: str) -> None:
        """Accept a warning; the reason goes into the manifest. A failure cannot be waived (E_NOT_NOW)."""

    def cancel(self) -> None:
        """Give the plan up."""

    def start(self, issuer: str) -> None:
        """Record what was planned (READY only: E_PREFLIGHT)."""

    def stop(self, issuer: str) -> None:
        """End the recording and seal it."""

    def mark(self, text: str, issuer: str) -> None:
        """Put a marker into the recording, at this moment."""

    def dismiss_verdict(self) -> None:
        """Somebody has seen it."""

    def accept_last_good_settings(self) -> None:
        """Go on with the last good copy of the settings."""
