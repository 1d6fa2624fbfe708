"""The settings file of a running rig: what survives a mistake in it, and what a change on the screen leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.settings import load_settings
from rig.settings_file import SettingsFile, change_settings
from shared.faults import GrimaceError

GOOD = """\
# The rig in room 4.
rig_id = "rig-1"   # painted on its lid
data_folder = "data"

[camera.picture]
exposure_us = 10000   # 50 Hz
"""


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    path = tmp_path / "rig.toml"
    path.write_text(GOOD, encoding="utf-8")
    return SettingsFile(path)


def test_good_settings_are_used_as_they_are(file):
    assert file.load_usable().mistake is None


def test_after_a_mistake_the_last_good_copy_is_used_and_the_mistake_is_told(file):
    file.keep_last_good()
    file.path.write_text(GOOD.replace("10000", "50"), encoding="utf-8")
    usable = file.load_usable()
    assert usable.settings.camera.picture.exposure_us == 10_000
    assert usable.mistake is not None
    assert "line 6: camera.picture.exposure_us: must be 100 or more" in usable.mistake.detail
    assert usable.last_good_at is not None


def test_what_changed_since_the_last_good_copy_is_told_line_by_line(file):
    file.keep_last_good()
    file.path.write_text(GOOD.replace("10000", "50"), encoding="utf-8")
    assert file.changes_since_last_good() == ("-exposure_us = 10000   # 50 Hz", "+exposure_us = 50   # 50 Hz")


def test_without_a_last_good_copy_a_mistake_is_refused(file):
    file.path.write_text("rig_id = 5", encoding="utf-8")
    with pytest.raises(GrimaceError, match="E_SETTINGS"):
        file.load_usable()


def test_a_mistake_never_becomes_the_last_good_copy(file):
    file.keep_last_good()
    file.path.write_text("rig_id = 5", encoding="utf-8")
    with pytest.raises(GrimaceError, match="E_SETTINGS"):
        file.keep_last_good()
    assert file.last_good.read_text(encoding="utf-8") == GOOD


def test_paths_in_the_last_good_copy_mean_the_same_as_in_the_file(file):
    before = file.load()
    file.keep_last_good()
    file.path.unlink()
    assert file.load_usable().settings == before


def test_a_change_keeps_comments_and_order(file):
    settings = change_settings(
        file.path, {"camera.picture.exposure_us": 8000, "hub.url": "http://hub:8000", "hub.token_file": "t"}
    )
    assert settings == load_settings(file.path)
    text = file.path.read_text(encoding="utf-8")
    assert text.startswith(GOOD.replace("10000", "8000"))
    assert settings.hub is not None


def test_a_changed_file_is_the_next_last_good_copy(file):
    change_settings(file.path, {"screen.port": 0})
    assert file.last_good.read_text(encoding="utf-8") == file.path.read_text(encoding="utf-8")


def test_a_key_that_is_taken_out_has_its_default_again(file):
    assert change_settings(file.path, {"camera.picture.exposure_us": None}).camera.picture.exposure_us == 10_000
    assert "exposure_us" not in file.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("changes", [{"camera.picture.exposure_us": 1}, {"camera.zebra": 1}, {"rig_id.x": 1}])
def test_a_change_that_is_not_valid_changes_nothing(file, changes):
    with pytest.raises(GrimaceError, match="E_SETTINGS"):
        change_settings(file.path, changes)
    assert file.path.read_text(encoding="utf-8") == GOOD
    assert not file.last_good.exists()


def test_a_file_that_cannot_be_read_is_not_changed(file):
    file.path.write_text("rig_id = ", encoding="utf-8")
    with pytest.raises(GrimaceError, match="E_SETTINGS"):
        change_settings(file.path, {"screen.port": 0})
    assert file.path.read_text(encoding="utf-8") == "rig_id = "


def test_a_rig_that_was_started_without_a_file_gets_one_by_its_first_change(tmp_path):
    file = SettingsFile(tmp_path / "rig.toml", camera="replay")
    change_settings(file.path, {"camera.picture.exposure_us": 8000}, file.camera)
    assert load_settings(file.path).camera.picture.exposure_us == 8000


def test_other_commands_are_given_the_same_settings(file):
    assert SettingsFile(file.path, "sim").arguments() == ["--config", str(file.path), "--camera", "sim"]
