"""A Mosquitto of its own, with the files that we ship: only port and folders are others."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.processes import until, unused_port

SHIPPED = Path(__file__).parents[3] / "systemd" / "mosquitto"
ACCOUNTS = ("rig-1", "rig-2", "hub", "watch", "homeassistant")
HOST = "127.0.0.1"


def password_of(account: str) -> str:
    return f"secret of {account}"


def make_certificates(folder: Path) -> None:
    """A certificate authority and the broker's certificate, with the commands of docs/watch-rigs-over-mqtt.md."""
    authority = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=grimace-lab"
    openssl(folder, *authority.split(), "-keyout", "grimace-ca.key", "-out", "grimace-ca.pem")
    request = f"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker -addext subjectAltName=IP:{HOST}"
    openssl(folder, *request.split(), "-keyout", "broker.key", "-out", "broker.csr")
    sign = "x509 -req -in broker.csr -CA grimace-ca.pem -CAkey grimace-ca.key -CAcreateserial -days 825 -copy_extensions copy"
    openssl(folder, *sign.split(), "-out", "broker.pem")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@dataclass
class Broker:
    """Mosquitto on an unused port, with an account for each of ACCOUNTS."""

    folder: Path
    certificates: Path
    port: int = field(default_factory=unused_port)
    _process: subprocess.Popen[bytes] | None = None
    _clients: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if shutil.which("mosquitto") is None or shutil.which("mosquitto_sub") is None:
            pytest.skip("Mosquitto is not installed: `make services` installs it")
        (self.folder / "conf.d").mkdir()
        (self.folder / "kept").mkdir()
        (self.folder / "grimace.passwords").touch()
        shutil.copy(SHIPPED / "grimace.acl", self.acl)
        for account in ACCOUNTS:
            self.set_password(account, password_of(account))
        (self.folder / "conf.d" / "grimace.conf").write_text(self._settings())
        main = f"user {getpass.getuser()}\npersistence true\npersistence_location {self.folder}/kept/\nlog_dest stderr\n"
        (self.folder / "mosquitto.conf").write_text(main + f"include_dir {self.folder}/conf.d\n")

    @property
    def acl(self) -> Path:
        return self.folder / "grimace.acl"

    @property
    def _log(self) -> Path:
        return self.folder / "mosquitto.log"

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def authority(self) -> Path:
        return self.certificates / "grimace-ca.pem"

    def set_password(self, account: str, password: str) -> None:
        file = str(self.folder / "grimace.passwords")
        subprocess.run(["mosquitto_passwd", "-b", file, account, password], check=True, capture_output=True)

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(["mosquitto", "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log)
        until(self._listens, within_s=10)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def lose_everything(self) -> None:
        """What it kept is gone, as after a new installation."""
        for kept in (self.folder / "kept").iterdir():
            kept.unlink()

    def remove(self) -> None:
        for client in self._clients:
            client.kill()
            client.wait(10)
        self.stop()

    def publish(self, account: str, topic: str, payload: str, *options: str) -> str:
        """Publish once as this account, as MQTT 5; what the client says about it."""
        command = ["mosquitto_pub", *self._as(account), "-V", "5", "-q", "1", "-t", topic, "-m", payload, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        return done.stdout + done.stderr

    def listen(self, account: str, topic: str = "#", *options: str) -> Listener:
        """`mosquitto_sub` as this account; it listens when this returns."""
        command = ["stdbuf", "-oL", "mosquitto_sub", *self._as(account), "-d", "-t", topic, "-F", "%r\t%t\t%p", *options]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._clients.append(client)
        listener = Listener(client)
        until(lambda: listener.subscribed, within_s=10)
        return listener

    def _as(self, account: str) -> list[str]:
        place = ["-h", HOST, "-p", str(self.port), "--cafile", str(self.authority)]
        return [*place, "-u", account, "-P", password_of(account)]

    def _settings(self) -> str:
        text = (SHIPPED / "grimace.conf").read_text()
        for shipped, here in (
            ("listener 8883", f"listener {self.port} {HOST}"),
            ("/etc/mosquitto/ca_certificates/", f"{self.certificates}/"),
            ("/etc/mosquitto/certs/", f"{self.certificates}/"),
            ("/etc/mosquitto/", f"{self.folder}/"),
        ):
            assert shipped in text
            text = text.replace(shipped, here)
        return text

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


@dataclass(frozen=True)
class Heard:
    topic: str
    payload: str
    retained: bool
    """It was kept by the broker, not published just now."""


class Listener:
    """What a `mosquitto_sub` prints."""

    def __init__(self, client: subprocess.Popen[str]) -> None:
        self.heard: list[Heard] = []
        self.subscribed = False
        self._client = client
        threading.Thread(target=self._read, daemon=True).start()

    def on(self, topic: str) -> list[str]:
        """The payloads on this topic, oldest first."""
        return [heard.payload for heard in self.heard if heard.topic == topic]

    def last(self, topic: str) -> str | None:
        payloads = self.on(topic)
        return payloads[-1] if payloads else None

    @property
    def topics(self) -> set[str]:
        return {heard.topic for heard in self.heard}

    def kill(self) -> None:
        """Without a goodbye: the broker tells its last will."""
        self._client.kill()
        self._client.wait(10)

    def _read(self) -> None:
        assert self._client.stdout is not None
        for line in self._client.stdout:
            if line.startswith("Subscribed"):
                self.subscribed = True
            elif line.count("\t") >= 2:
                retained, topic, payload = line.rstrip("\n").split("\t", 2)
                self.heard.append(Heard(topic, payload, retained == "1"))
