"""The uploader notices that its settings changed, and takes no notice of those that cannot be used."""

from __future__ import annotations

import pytest

from rig.settings_file import SettingsFile
from rig.upload.settings_watch import SettingsWatch

SETTINGS = 'rig_id = "rig-1"\ndata_folder = "data"\n[hub]\nurl = "http://hub.example"\ntoken_file = "rig.token"\n'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "rig.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture
def restarts():
    return []


@pytest.fixture
def watch(config, restarts):
    file = SettingsFile(config)
    return SettingsWatch(file.load(), file, lambda: restarts.append(1))


def test_unchanged_settings_are_left_alone(watch, restarts):
    watch.look()
    assert not restarts


def test_changed_settings_are_noticed_once(watch, config, restarts):
    config.write_text(SETTINGS + "[upload]\ncap_bytes_per_s = 1000\n")
    watch.look()
    watch.look()
    assert len(restarts) == 1


def test_a_new_token_is_noticed(watch, config, restarts):
    (config.parent / "rig.token").write_text("grimace_rig_new")
    watch.look()
    assert len(restarts) == 1


def test_settings_with_a_mistake_stop_nothing_and_are_taken_when_they_are_mended(watch, config, restarts, caplog):
    config.write_text(SETTINGS + "colour = 3\n")
    watch.look()
    watch.look()
    assert not restarts
    assert caplog.text.count("the former ones stay in force") == 1
    config.write_text(SETTINGS + "# mended\n")
    watch.look()
    assert len(restarts) == 1
