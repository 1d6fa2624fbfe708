"""The commands of a hub's administrator, against the hub's own database."""

import os
import re
import socket
import subprocess

import pytest
from typer.testing import CliRunner

from hub.administration import app
from shared.client import Hub as Client
from shared.client import HubRefused
from tests.hub.live_hub import LiveHub
from tests.processes import BIN


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with LiveHub(tmp_path) as running:
        monkeypatch.setenv("GRIMACE_HUB_DATA_FOLDER", str(running.parts.settings.data_folder))
        run("lab", "add", "Lab")
        yield running


def run(*arguments: str, expected: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert done.exit_code == expected, done.output
    return done.output


def number_of(label: str) -> str:
    found = re.search(rf"^\s*(\d+)\s.*{label}", run("token", "list"), re.MULTILINE)
    assert found, label
    return found[1]


def test_a_revoked_token_opens_nothing_from_that_moment(hub):
    rig = Client(hub.url, run("rig", "add", "rig-1", "--lab", "Lab").strip())
    assert rig.sessions().items == ()
    run("token", "revoke", number_of("rig rig-1"))
    with pytest.raises(HubRefused, match="E_TOKEN_REFUSED"):
        rig.sessions()
    assert "rig rig-1" not in run("token", "list")


def test_a_token_that_is_not_there_cannot_be_revoked(hub):
    assert "there is no valid token 999" in run("token", "revoke", "999", expected=1)


def test_a_removed_person_has_no_token_left_in_the_lab_and_keeps_those_of_others(hub):
    run("lab", "add", "Other")
    for lab in ("Lab", "Other"):
        run("user", "add", "ada@example.org", "--lab", lab)
    here, there = (Client(hub.url, run("user", "token", "ada@example.org", "--lab", lab).strip()) for lab in ("Lab", "Other"))
    run("user", "remove", "ada@example.org", "--lab", "Lab")
    with pytest.raises(HubRefused, match="E_TOKEN_REFUSED"):
        here.sessions()
    assert there.sessions().items == ()
    assert "is no member of Lab" in run("user", "remove", "ada@example.org", "--lab", "Lab", expected=1)


def test_a_hub_whose_port_is_taken_says_so_and_what_to_do(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = {"GRIMACE_HUB_DATA_FOLDER": str(tmp_path / "hub"), "GRIMACE_HUB_PORT": str(port), "COLUMNS": "200"}
        serve = [BIN / "grimace-hub", "serve"]
        done = subprocess.run(serve, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    said = f"The hub cannot listen at 127.0.0.1:{port}: Address already in use. End what does, or set another host or port."
    assert said in " ".join(done.stderr.split())


def test_a_data_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRIMACE_HUB_DATA_FOLDER", str(tmp_path / "file"))
    said = " ".join(run("lab", "add", "Lab", expected=1).split())
    assert "cannot be written to: File exists. Give it to this user or set another." in said


def test_a_code_for_a_rig_is_six_digits(hub):
    assert re.fullmatch(r"\d{6}\n", run("rig", "code", "--lab", "Lab"))
