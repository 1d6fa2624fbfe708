"""The hub's settings, their sample file and their precedence."""

import tomllib
from pathlib import Path

import pytest

import hub
from hub.settings import SETTINGS_VARIABLE, HubSettings, SettingsError, read_settings

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
    with pytest.raises(SettingsError, match=rf"{file}: prot: Extra inputs"):
        read_settings()


def test_a_settings_file_that_is_not_there_is_not_silently_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path / "gone.toml"))
    with pytest.raises(SettingsError, match=r"gone\.toml, which is not a file"):
        read_settings()


def test_a_value_of_the_wrong_kind_is_named(monkeypatch):
    monkeypatch.setenv("GRIMACE_HUB_PORT", "many")
    with pytest.raises(SettingsError, match="port: Input should be a valid integer"):
        read_settings()
