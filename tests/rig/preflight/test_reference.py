"""The reference picture: kept durably, the newest counts, what cannot be read does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from rig.preflight.reference import REFERENCE_FOLDER, load_reference, store_reference, take_reference
from rig.settings import RigSettings
from shared.clock import ManualClock
from shared.faults import RIG_NOT_RUNNING, GrimaceError
from tests.rig.preflight.scenes import empty_chamber, seen

LUMA = seen(empty_chamber())
TAKEN_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def test_a_reference_comes_back_as_it_was_taken(tmp_path):
    stored = store_reference(tmp_path, LUMA, None, "Ada", TAKEN_AT)
    loaded = load_reference(tmp_path)
    assert loaded is not None
    assert loaded.numbers == stored
    assert np.array_equal(loaded.luma, LUMA)
    assert (stored.taken_by, stored.taken_at, stored.width_px, stored.height_px) == ("Ada", TAKEN_AT, 640, 360)


def test_the_newest_reference_counts_and_the_ones_before_are_kept(tmp_path):
    store_reference(tmp_path, LUMA, None, "Ada", TAKEN_AT)
    store_reference(tmp_path, LUMA // 2, None, "Bob", TAKEN_AT + timedelta(days=7))
    loaded = load_reference(tmp_path)
    assert loaded is not None
    assert loaded.numbers.taken_by == "Bob"
    assert sorted(path.name for path in (tmp_path / REFERENCE_FOLDER).glob("*.png")) == [
        "reference-20261102T093000Z.png",
        "reference-20261109T093000Z.png",
    ]


def test_a_reference_that_was_taken_before_the_clock_was_set_back_does_not_count_again(tmp_path):
    store_reference(tmp_path, LUMA, None, "Ada", TAKEN_AT)
    store_reference(tmp_path, LUMA, None, "Bob", datetime(1970, 1, 1, tzinfo=UTC))
    loaded = load_reference(tmp_path)
    assert loaded is not None
    assert loaded.numbers.taken_by == "Bob"


def test_without_a_reference_there_is_none(tmp_path):
    assert load_reference(tmp_path) is None


@pytest.mark.parametrize("name", ["reference.json", "reference-20261102T093000Z.png"])
def test_a_damaged_reference_does_not_count(tmp_path, name):
    store_reference(tmp_path, LUMA, None, "Ada", TAKEN_AT)
    path = tmp_path / REFERENCE_FOLDER / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    assert load_reference(tmp_path) is None


def test_without_a_camera_process_no_reference_can_be_taken(tmp_path):
    settings = RigSettings(rig_id="rig-1", data_folder=tmp_path)
    with pytest.raises(GrimaceError) as refused:
        take_reference(settings, "Ada", ManualClock())
    assert refused.value.fault is RIG_NOT_RUNNING
