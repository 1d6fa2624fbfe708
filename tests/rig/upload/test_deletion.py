"""What the uploader deletes here, and when: never without a receipt."""

from __future__ import annotations

from rig.outbox.states import State
from shared.api import Receipt


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
