"""Setting the demonstration's hub up through its own command: a lab, a supervisor, a rig, and their tokens."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hub.demo.children import command_of
from shared.durable import replacing
from shared.faults import PROCESS_ENDED, GrimaceError

LAB = "Demo lab"
SUPERVISOR = "demo@example.org"
RIG = "demo-rig"
OWNER_ONLY = 0o600


@dataclass(frozen=True)
class HubSetup:
    """A hub's data folder and address, and the commands that act on it."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes `grimace-hub` work on this hub, whatever else is configured on the machine."""
        return {
            "GRIMACE_HUB_SETTINGS": "",
            "GRIMACE_HUB_DATA_FOLDER": str(self.folder / "hub"),
            "GRIMACE_HUB_HOST": "127.0.0.1",
            "GRIMACE_HUB_PORT": str(self.port),
            "GRIMACE_HUB_PUBLIC_URL": self.url,
        }

    @property
    def rig_token_file(self) -> Path:
        return self.folder / "rig.token"

    @property
    def supervisor_token_file(self) -> Path:
        return self.folder / "supervisor.token"

    def run(self, *arguments: str) -> str:
        """Run `grimace-hub …` and answer what it printed; raises E_PROCESS_ENDED with what it said."""
        done = subprocess.run(
            [command_of("grimace-hub"), *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip()
            raise GrimaceError(PROCESS_ENDED, f"grimace-hub {arguments[0]} ended with status {done.returncode}\n{said}")
        return done.stdout.strip()

    def prepare(self) -> None:
        """Create what is missing; a second run finds everything there."""
        if not (self.folder / "hub").is_dir():  # tokens of a hub that was deleted are worthless
            self.supervisor_token_file.unlink(missing_ok=True)
            self.rig_token_file.unlink(missing_ok=True)
        if not self.supervisor_token_file.exists():
            self.run("lab", "add", LAB, "--exist-ok")
            self.run("user", "add", SUPERVISOR, "--lab", LAB, "--name", "Demo supervisor", "--role", "supervisor")
            _write_secret(self.supervisor_token_file, self.run("user", "token", SUPERVISOR, "--lab", LAB, "--label", "demo"))
        if not self.rig_token_file.exists():
            _write_secret(self.rig_token_file, self.run("rig", "add", RIG, "--lab", LAB))

    def sign_in_address(self, session_id: str) -> str:
        """A one-time link that ends on the session's page."""
        return f"{self.run('user', 'link', SUPERVISOR, '--lab', LAB)}?after=/sessions/{session_id}"


def _write_secret(path: Path, secret: str) -> None:
    with replacing(path) as file:
        os.fchmod(file.fileno(), OWNER_ONLY)
        file.write(secret.encode() + b"\n")
