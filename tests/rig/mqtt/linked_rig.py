"""A rig with a line to the broker: in this process, or in one of its own (`python -m tests.rig.mqtt.linked_rig …`)."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from rig.mqtt.link import MqttLink
from rig.settings import RigSettings
from shared.clock import ManualClock, SystemClock
from shared.messages import Channel, CommandMessage, topic
from tests.rig.mqtt.broker import HOST, Broker, password_of
from tests.rig.screen.desk_in_memory import DeskInMemory

ROOT = Path(__file__).parents[3]
RIG = "rig-1"


def settings_of(folder: Path, port: int, authority: Path, **mqtt: Any) -> RigSettings:
    """Of a rig in `folder`, which gets the password of its account as a file."""
    password = folder / "mqtt.password"
    if not password.exists():
        password.write_text(password_of(RIG) + "\n")
    section = {"host": HOST, "port": port, "ca_file": authority, "password_file": password, **mqtt}
    return RigSettings.model_validate({"rig_id": RIG, "data_folder": folder, "mqtt": section})


def rig_topic(channel: Channel, leaf: str = "") -> str:
    return topic(RIG, channel, leaf)


class LinkedRig:
    """A desk, and the link that tells of it. Its clock is set right."""

    def __init__(self, folder: Path, broker: Broker, **mqtt: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.desk = DeskInMemory.idle()
        self.clock = ManualClock(wall=SystemClock().now(), is_synchronised=True)
        self.link = MqttLink(settings_of(folder, broker.port, broker.authority, **mqtt), self.desk, self.clock)

    def command(self, number: int, valid_s: float = 60, **arguments: Any) -> str:
        """The payload of a command that is valid for so long from the rig's now."""
        now = self.clock.now()
        command = CommandMessage(
            id=f"command-{number}", issued_at=now, expires_at=now + timedelta(seconds=valid_s), issuer="ada", args=arguments
        )
        return command.model_dump_json()


def start_process(folder: Path, broker: Broker) -> subprocess.Popen[bytes]:
    """The same rig as a process, to be killed."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.rig.mqtt.linked_rig", str(folder), str(broker.port), str(broker.authority)]
    return subprocess.Popen(command, cwd=ROOT)


def main(folder: str, port: str, authority: str) -> None:
    link = MqttLink(settings_of(Path(folder), int(port), Path(authority)), DeskInMemory.idle(), SystemClock())
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    link.start()
    ended.wait()
    link.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
