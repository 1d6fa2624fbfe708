"""Who may write into a data folder, and what is said when nobody can."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.data_lock import data_lock
from shared.faults import GrimaceError


def test_one_process_at_a_time_holds_a_data_folder(tmp_path: Path):
    with data_lock(tmp_path), pytest.raises(GrimaceError, match="E_RIG_RUNS"), data_lock(tmp_path):
        pass
    with data_lock(tmp_path):
        pass


def test_a_data_folder_that_cannot_be_made_is_a_mistake_in_the_settings():
    with pytest.raises(GrimaceError, match=r"E_SETTINGS.*data_folder: .*'/proc/nowhere'"), data_lock(Path("/proc/nowhere")):
        pass
