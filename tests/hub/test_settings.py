"""The hub's settings, their sample file and their precedence."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

import hub
from hub.settings import SETTINGS_VARIABLE, HubSettings

SAMPLE = Path(hub.__file__).parent / "grimace-hub.toml"


def test_the_sample_file_shows_every_setting_with_its_default():
    shown = tomllib.loads(SAMPLE.read_text())
    defaults = HubSettings().model_dump(mode="json")
    assert shown == {name: value for name, value in defaults.items() if value is not None}


def test_the_environment_wins_over_the_file_and_an_argument_over_both(monkeypatch, tmp_path):
    file = tmp_path / "hub.toml"
    file.write_text("port = 1001\nhost = '127.0.0.2'\nlease_s = 7.0\n")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(file))
    monkeypatch.setenv("GRIMACE_HUB_PORT", "1002")
    settings = HubSettings(host="127.0.0.3")
    assert (settings.lease_s, settings.port, settings.host) == (7.0, 1002, "127.0.0.3")


def test_an_unknown_key_in_the_file_is_refused_by_name(monkeypatch, tmp_path):
    file = tmp_path / "hub.toml"
    file.write_text("prot = 1001\n")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(file))
    with pytest.raises(ValidationError, match="prot"):
        HubSettings()
