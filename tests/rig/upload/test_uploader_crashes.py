"""The uploader dies between any two writes, or loses its journal, and delivers once all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rig.outbox.journal import JOURNAL_NAME, Journal
from rig.outbox.states import State
from rig.upload.process import open_journal
from shared.api import Receipt
from tests.processes import until


def test_a_journal_that_was_destroyed_is_built_anew_and_nothing_is_sent_twice(proxied):
    rig, proxy = proxied
    folder = rig.seal()
    receipt = rig.until_state(folder, State.CONFIRMED).receipt
    sent_bytes = proxy.bytes_to_hub
    rig.journal.__exit__()
    path = rig.settings.data_folder / JOURNAL_NAME
    path.write_bytes(b"no database" * 1000)
    rig.journal = open_journal(path)
    rig.uploader = rig.new_uploader()
    assert rig.until_state(folder, State.CONFIRMED).receipt == receipt
    assert proxy.bytes_to_hub - sent_bytes < 10_000
    assert path.with_name(f"{JOURNAL_NAME}.unreadable").exists()


class Crash(BaseException):
    """The process dies here."""


LONGEST_LIFE_WRITES = 9
"""One more than the longest step needs, so that every step succeeds in some life."""


@pytest.mark.parametrize("on_disk", [False, True], ids=["before-the-write", "after-the-write"])
def test_a_crash_at_any_write_of_the_journal_is_made_up_for(rig, known_rig, monkeypatch, on_disk):
    folder = rig.seal()
    write = Journal._writing
    writes_to_live = 0

    @contextmanager
    def mortal(journal: Journal) -> Iterator[None]:
        nonlocal writes_to_live
        writes_to_live -= 1
        if writes_to_live == 0 and not on_disk:
            raise Crash
        with write(journal):
            yield
        if writes_to_live == 0:
            raise Crash

    monkeypatch.setattr(Journal, "_writing", mortal)
    deaths = 0

    def live_and_die() -> bool:
        nonlocal deaths, writes_to_live
        writes_to_live = deaths % LONGEST_LIFE_WRITES + 1  # the next life dies in another place
        try:
            rig.uploader.run_once()
        except Crash:
            deaths += 1
            rig.uploader = rig.new_uploader()
        rig.clock.advance(5)
        return folder.name in rig.journal.session_ids() and rig.row(folder).state is State.CONFIRMED

    until(live_and_die)
    assert deaths >= 5
    assert Receipt.read(folder / "receipt.json") == rig.row(folder).receipt == rig.hub.session(folder.name).receipt
    assert known_rig.stored(folder.name)["part-1.mp4"] == (folder / "part-1.mp4").read_bytes()
