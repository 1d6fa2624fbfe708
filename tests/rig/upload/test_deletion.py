"""What the uploader deletes here, and when: never without a receipt, and on a disk without a free byte too."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.outbox.journal import JOURNAL_NAME
from rig.outbox.states import State
from rig.settings import RetentionSettings
from rig.upload.process import open_journal
from rig.upload.uploader import RESERVE_BYTES, reserve_of
from shared.api import Receipt
from tests.rig.upload.conftest import KnownRig
from tests.rig.upload.upload_rig import Rig

LARGE = {"frames": 10, "size_px": 160}


def test_a_confirmed_session_is_deleted_after_its_time_and_its_receipt_stays(rig):
    folder = rig.seal()
    rig.until_state(folder, State.CONFIRMED)
    rig.clock.advance(13 * 86400)
    rig.uploader.tidy()
    assert folder.exists()
    rig.clock.advance(86400 + 3600)
    rig.uploader.tidy()
    assert not folder.exists()
    assert rig.row(folder).state is State.DELETED
    receipt = Receipt.read(rig.settings.data_folder / "receipts" / f"{folder.name}.json")
    assert receipt == rig.hub.session(folder.name).receipt


@pytest.fixture
def small_rig(known_rig: KnownRig, tmp_path: Path) -> Iterator[Rig]:
    """A rig on a file system of 8 MB, which keeps confirmed sessions as long as 3 MB are free."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    rig = Rig(disk, known_rig.url, known_rig.token)
    rig.settings = rig.settings.model_copy(update={"retention": RetentionSettings(min_free_bytes=3 * 2**20)})
    rig.uploader = rig.new_uploader()
    yield rig
    rig.journal.__exit__()
    subprocess.run(["umount", disk], check=True)


def fill(disk: Path) -> None:
    """Take every byte that is left."""
    with (disk / "filler").open("ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    assert os.statvfs(disk).f_bavail == 0


def test_on_a_disk_without_a_free_byte_what_the_hub_has_still_goes_and_what_it_has_not_stays(small_rig):
    confirmed = small_rig.seal(age_h=1, **LARGE)
    small_rig.until_state(confirmed, State.CONFIRMED)
    assert confirmed.exists()
    unsent = small_rig.seal()
    fill(small_rig.settings.data_folder.parent)
    small_rig.uploader.run_once()
    assert not confirmed.exists()
    assert small_rig.row(confirmed).state is State.DELETED
    assert (small_rig.settings.data_folder / "receipts" / f"{confirmed.name}.json").exists()
    small_rig.until_state(unsent, State.CONFIRMED)


def test_an_uploader_that_starts_on_a_full_disk_opens_its_journal_and_makes_room(small_rig):
    confirmed = small_rig.seal(**LARGE)
    small_rig.until_state(confirmed, State.CONFIRMED)
    small_rig.journal.__exit__()
    fill(small_rig.settings.data_folder.parent)
    small_rig.journal = open_journal(small_rig.settings.data_folder / JOURNAL_NAME)
    small_rig.uploader = small_rig.new_uploader()
    small_rig.uploader.run_once()
    assert not confirmed.exists()


def test_space_that_was_used_up_is_set_aside_again(rig):
    rig.uploader.run_once()
    reserve = rig.settings.data_folder / "uploader-reserve"
    assert reserve.stat().st_size == RESERVE_BYTES
    assert reserve_of(rig.settings.data_folder).release()
    rig.uploader.tidy()
    assert reserve.stat().st_size == RESERVE_BYTES
