"""Does the MQTT broker answer? If not, the lab cannot watch this rig; nothing else is lost."""

from __future__ import annotations

import socket
import ssl

from rig.preflight.network import ANSWER_WITHIN_S, unreachable
from rig.preflight.report import CheckName, CheckResult, not_checked, passing
from rig.preflight.subject import Subject
from rig.settings import MqttSettings
from shared.faults import BROKER_UNREACHABLE


def check(subject: Subject) -> CheckResult:
    settings = subject.settings.mqtt
    if settings is None:
        return not_checked(CheckName.BROKER, "The settings name no broker.")
    where = f"{settings.host}:{settings.port}"
    try:
        _connect(settings)
    except OSError as error:
        return unreachable(CheckName.BROKER, BROKER_UNREACHABLE, f"The broker at {where} does not answer: {error}.")
    return passing(CheckName.BROKER, f"The broker at {where} answers{' with a certificate that is trusted' * settings.tls}.")


def _connect(settings: MqttSettings) -> None:
    """Raises OSError, of which ssl's errors are. Nobody logs in: that would end the connection that the agent has."""
    with socket.create_connection((settings.host, settings.port), ANSWER_WITHIN_S) as connection:
        if settings.tls:
            context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file is not None else None)
            with context.wrap_socket(connection, server_hostname=settings.host):
                pass
