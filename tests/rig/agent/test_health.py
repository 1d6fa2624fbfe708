"""What is read of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.agent.health import minutes_left, read_health
from rig.recording.reserve import RESERVE_BYTES, space_needed_bytes
from rig.settings import RigSettings
from shared.clock import ManualClock


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A Pi's own files, as its kernel shows them."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/uptime").write_text("350735.47 234388.90\n", encoding="ascii")
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("61835\n", encoding="ascii")
    node = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    node.parent.mkdir(parents=True)
    node.write_text("50001\n", encoding="ascii")
    return tmp_path


def settings(folder: Path) -> RigSettings:
    return RigSettings.model_validate({"rig_id": "rig-1", "data_folder": str(folder)})


def test_a_pi_tells_temperature_power_and_uptime(machine):
    health = read_health(settings(machine), ManualClock(is_synchronised=True), machine)
    assert health.cpu_temperature_c == pytest.approx(61.835)
    assert health.throttled_now == ("under-voltage",)
    assert set(health.throttled_since_boot) == {"under-voltage", "throttled"}
    assert health.uptime_s == pytest.approx(350735.47)
    assert health.clock_synchronised is True
    assert health.disk_free_bytes > 0


def test_on_a_folder_that_is_not_there_nothing_can_be_recorded(machine):
    health = read_health(settings(machine / "none"), ManualClock(), machine)
    assert (health.disk_free_bytes, health.record_minutes_left) == (0, 0.0)


def test_the_minutes_left_are_those_of_a_recording_that_would_be_begun():
    free_bytes = space_needed_bytes(30 * 60, 8_000_000)
    assert minutes_left(free_bytes, 8_000_000) == pytest.approx(30)
    assert minutes_left(RESERVE_BYTES // 2, 8_000_000) == 0
