"""What a rig's settings file may say, and how a mistake in it is reported."""

from pathlib import Path

import pytest

import rig
from rig.settings import load_settings
from shared.faults import GrimaceError

SAMPLE = Path(rig.__file__).with_name("grimace-rig.toml")


def write(folder: Path, text: str) -> Path:
    path = folder / "rig.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_documented_sample_is_valid_and_shows_the_defaults(tmp_path):
    sample = load_settings(write(tmp_path, SAMPLE.read_text(encoding="utf-8")))
    bare = load_settings(write(tmp_path, 'rig_id = "rig-1"\ndata_folder = "data"\n'))
    assert sample.model_copy(update={"hub": None}) == bare
    assert sample.hub is not None
    assert sample.hub.token_file == tmp_path / "rig.token"


def test_paths_are_relative_to_the_settings_file(tmp_path):
    settings = load_settings(write(tmp_path, 'rig_id = "rig-1"\ndata_folder = "d"\n[camera]\nsource = "clips/a.mp4"\n'))
    assert settings.sessions_folder == tmp_path / "d" / "sessions"
    assert settings.camera.source == str(tmp_path / "clips" / "a.mp4")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('rig_id = "rig-1"\ndata_folder = "d"\n[camera]\nwidht_px = 640\n', r"line 4: camera\.widht_px: Extra inputs"),
        ('rig_id = "Rig 1"\ndata_folder = "d"\n', "line 1: rig_id: String should match"),
        ('rig_id = "rig-1"\n', "data_folder: Field required"),
        ('rig_id = "rig-1"\ndata_folder = "d"\n[hub]\nurl = "http://hub"\n', r"hub\.token_file: Field required"),
        ('rig_id = "rig-1"\ndata_folder = "d"\n[camera]\nsize = \n', r"Invalid value \(at line 4, column 8\)"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(GrimaceError, match=message) as refused:
        load_settings(write(tmp_path, text))
    assert refused.value.fault.code == "E_SETTINGS"


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(GrimaceError, match="No such file"):
        load_settings(tmp_path / "none.toml")
