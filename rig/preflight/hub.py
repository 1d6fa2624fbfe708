"""Does the hub answer, and does it know this rig? If not, recordings wait here until it does."""

from __future__ import annotations

from rig.preflight.network import ANSWER_WITHIN_S, unreachable
from rig.preflight.report import CheckName, CheckResult, not_checked, passing
from rig.preflight.subject import Subject
from rig.settings import HubSettings
from shared.client import Hub
from shared.faults import TOKEN_REFUSED, GrimaceError


def check(subject: Subject) -> CheckResult:
    settings = subject.settings.hub
    if settings is None:
        return not_checked(CheckName.HUB, "The settings name no hub: recordings are kept here.")
    try:
        _ask(settings)
    except OSError as error:
        return unreachable(CheckName.HUB, TOKEN_REFUSED, f"The rig's token cannot be read: {error}.")
    except GrimaceError as error:
        return unreachable(CheckName.HUB, error.fault, f"{error.fault.text}: {error.detail or settings.url}.")
    return passing(CheckName.HUB, f"The hub at {settings.url} answers and knows this rig.")


def _ask(settings: HubSettings) -> None:
    """A request that every rig may make and that changes nothing; raises GrimaceError or OSError."""
    token = settings.token_file.read_text(encoding="utf-8").strip()
    hub = Hub(settings.url, token, connect_timeout_s=ANSWER_WITHIN_S, read_timeout_s=ANSWER_WITHIN_S)
    try:
        hub.sessions()
    finally:
        hub.close()
