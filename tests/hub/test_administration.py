"""The commands of a hub's administrator, against the hub's own database."""

import re

import pytest
from typer.testing import CliRunner

from hub.administration import app
from shared.client import Hub as Client
from shared.client import HubRefused
from tests.hub.live_hub import LiveHub


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
