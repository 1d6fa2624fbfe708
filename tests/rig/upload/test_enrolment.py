"""Six digits typed on the rig, and it belongs to the lab: token and settings are there, whole, or as they were."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rig.settings import load_settings
from rig.upload.enrolment import enrol
from rig.upload.process import connect_to_hub
from shared.client import Hub
from shared.faults import GrimaceError
from tests.processes import unused_port

SETTINGS = """# The rig beside the window.
rig_id = "{rig_id}"
data_folder = "data"

[upload]
chunk_bytes = 65536   # a thin line
"""


@pytest.fixture(scope="module")
def new_code(known_rig):
    """Codes as the lab's supervisor makes them."""
    supervisor = Hub(known_rig.url, known_rig.hub.add_person("codes@example.org"))
    return lambda: supervisor.request("POST", "/api/v1/enrolments").json()["code"]


@pytest.fixture
def config(tmp_path) -> Path:
    path = tmp_path / "grimace-rig.toml"
    path.write_text(SETTINGS.format(rig_id="rig-enrolled"))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and not path.name.endswith(".last-good")}


def test_a_new_rig_has_a_token_that_works_and_settings_that_name_the_hub(config, known_rig):
    code = known_rig.hub.command("rig", "code", "--lab", "Lab")
    enrolled = enrol(config, known_rig.url + "/", code)
    assert (enrolled.lab, enrolled.rig_id) == ("Lab", "rig-enrolled")
    hub = load_settings(config).hub
    assert hub.url == known_rig.url
    assert stat.S_IMODE(hub.token_file.stat().st_mode) == 0o600
    assert connect_to_hub(hub).roster().studies is not None
    assert config.read_text().startswith(SETTINGS.format(rig_id="rig-enrolled").rstrip())


def test_a_slash_at_the_end_of_the_hubs_address_makes_no_other_hub(config, tmp_path, known_rig, new_code):
    (tmp_path / "tokens").mkdir()
    with config.open("a") as file:
        file.write(f'[hub]\nurl = "{known_rig.url}/"\ntoken_file = "tokens/rig"\n')
    before = config.read_bytes()
    enrol(config, known_rig.url, new_code())
    assert config.read_bytes() == before
    assert connect_to_hub(load_settings(config).hub).roster().studies is not None


def test_enrolled_again_at_the_same_hub_it_gets_a_new_token_and_the_settings_stay(config, known_rig, new_code):
    enrol(config, known_rig.url, new_code())
    hub, before = load_settings(config).hub, config.read_bytes()
    old_token = hub.token_file.read_text()
    enrol(config, known_rig.url, new_code())
    assert hub.token_file.read_text() != old_token
    assert config.read_bytes() == before
    assert connect_to_hub(hub).roster().studies is not None


def test_digits_may_be_typed_in_groups(config, known_rig, new_code):
    code = new_code()
    assert enrol(config, known_rig.url, f"{code[:3]} {code[3:]} ").lab == "Lab"


@pytest.mark.parametrize(("code", "fault"), [("000000", "E_CODE"), ("12345", "E_NOT_VALID"), ("abcdef", "E_NOT_VALID")])
def test_a_code_that_is_not_right_changes_nothing(config, known_rig, code, fault):
    before = contents(config.parent)
    with pytest.raises(GrimaceError) as refused:
        enrol(config, known_rig.url, code)
    assert refused.value.fault.code == fault
    assert contents(config.parent) == before


def test_a_hub_that_is_not_there_changes_nothing(config):
    before = contents(config.parent)
    with pytest.raises(GrimaceError) as refused:
        enrol(config, f"http://127.0.0.1:{unused_port()}", "123456")
    assert refused.value.fault.code == "W_HUB_UNREACHABLE"
    assert contents(config.parent) == before


def test_settings_that_cannot_be_written_leave_the_former_hubs_token_and_settings(config, known_rig, new_code, monkeypatch):
    (config.parent / "old.token").write_text("grimace_rig_of-another-hub")
    config.write_text(config.read_text() + '\n[hub]\nurl = "http://other.example"\ntoken_file = "old.token"\n')
    before = contents(config.parent)
    replace = os.replace

    def no_space(part, path):
        if Path(path) == config:
            raise OSError(28, "No space left on device")
        return replace(part, path)

    monkeypatch.setattr(Path, "replace", lambda part, path: no_space(part, path))
    with pytest.raises(GrimaceError) as refused:
        enrol(config, known_rig.url, new_code())
    assert refused.value.fault.code == "E_SETTINGS"
    assert contents(config.parent) == before


def test_settings_with_a_mistake_use_up_no_code(config, known_rig, new_code):
    whole, code = config.read_text(), new_code()
    config.write_text(whole + "colour = 3\n")
    with pytest.raises(GrimaceError, match="colour"):
        enrol(config, known_rig.url, code)
    config.write_text(whole)
    assert enrol(config, known_rig.url, code).lab == "Lab"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_administrator_who_enrols_as_root_leaves_a_token_that_the_rigs_user_can_read(config, known_rig, new_code):
    (config.parent / "data").mkdir()
    os.chown(config.parent / "data", 1234, 1234)
    enrol(config, known_rig.url, new_code())
    assert load_settings(config).hub.token_file.stat().st_uid == 1234
