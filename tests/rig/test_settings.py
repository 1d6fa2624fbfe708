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


NEEDED = 'rig_id = "rig-1"\ndata_folder = "d"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[camera]\nwidht_px = 640", r"line 4: camera\.widht_px: there is no such setting; did you mean width_px\?"),
        ("[camra]\nwidth_px = 640", r"line 3: camra: there is no such setting; did you mean camera\?"),
        ("[camera]\nexposure_us = 8000", r"exposure_us: there is no such setting; it belongs under \[camera\.picture\]"),
        ("[camera]\nzebra = 1", r"line 4: camera\.zebra: there is no such setting\)$"),
        ("[mqtt]\nhots = 'a'", r"line 4: mqtt\.hots: there is no such setting; did you mean host\?"),
        ("[camera.picture]\nexposure_us = 50", r"line 4: camera\.picture\.exposure_us: must be 100 or more, not 50"),
        ("[camera]\nwidth_px = 641", r"line 4: camera\.width_px: must be a multiple of 2, not 641"),
        ("[camera]\npaced = 'perhaps'", r"camera\.paced: must be true or false, not 'perhaps'"),
        ("[camera]\nbackend = 'film'", r"camera\.backend: must be 'picamera', 'sim', 'v4l2' or 'replay', not 'film'"),
        ("[recording]\ndurations_min = [10, 0]", r"line 4: recording\.durations_min\[2\]: must be more than 0"),
        ("[hub]\nurl = 'http://hub'", r"hub\.token_file: is needed, but not there"),
        ("[hub]\nurl = 'hub'\ntoken_file = 't'", r"line 4: hub\.url: must be an address that begins with http://"),
        ("[camera]\nsize = ", r"Invalid value \(at line 4, column 8\)"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_was_probably_meant(tmp_path, text, message):
    with pytest.raises(GrimaceError, match=message) as refused:
        load_settings(write(tmp_path, NEEDED + text + "\n"))
    assert refused.value.fault.code == "E_SETTINGS"


def test_every_mistake_is_named_at_once(tmp_path):
    with pytest.raises(
        GrimaceError, match=r"line 1: rig_id: must be 3 to 32 of .*; data_folder: is needed, but not there"
    ) as refused:
        load_settings(write(tmp_path, 'rig_id = "Rig 1"\n'))
    assert "pydantic" not in str(refused.value)


def test_a_camera_named_on_the_command_line_replaces_the_one_in_the_settings(tmp_path):
    path = write(tmp_path, NEEDED + '[camera]\nbackend = "picamera"\nframe_rate = 25.0\n')
    camera = load_settings(path, camera="replay").camera
    assert (camera.backend, camera.frame_rate) == ("replay", 25.0)
    assert camera.source.endswith(".mp4"), "a camera that is not there films the bundled mouse"


def test_a_camera_named_on_the_command_line_needs_no_settings_file(tmp_path):
    settings = load_settings(tmp_path / "none.toml", camera="replay")
    assert settings.data_folder == tmp_path / "grimace-data"


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(GrimaceError, match="No such file"):
        load_settings(tmp_path / "none.toml")
