"""A newcomer ends the connection that holds an upload: a rig is never locked out by its own dead connection."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.uploads.locks import StopReason, UploadLocks
from hub.uploads.writer import IncomingFile
from shared.faults import UPLOAD_BUSY, GrimaceError
from tests.hub.live_hub import LiveHub
from tests.hub.uploads.conftest import CHECKPOINT_BYTES
from tests.hub.uploads.tus import Tus, random_bytes, sha256, status_of
from tests.processes import until

CLIP = random_bytes(CHECKPOINT_BYTES + 77_777)
HALF = CHECKPOINT_BYTES + 1000


@pytest.fixture
def patient_rig(tmp_path):
    """On a hub that waits a minute for a silent connection."""
    with LiveHub(tmp_path, upload_checkpoint_bytes=CHECKPOINT_BYTES, upload_stall_s=60) as running:
        running.add_lab()
        yield Tus(running.url, running.add_rig())


def hang(rig: Tus, upload: str, offset: int = 0):
    """A connection that brings bytes up to HALF and then hangs, half open."""
    connection = rig.half_patch(upload, offset, CLIP[offset:HALF], announced=len(CLIP) - offset)
    time.sleep(0.3)  # nothing outside shows when the hub has read the last of them
    return connection


def test_asking_for_the_offset_ends_a_hanging_connection_and_keeps_its_bytes(patient_rig):
    upload = patient_rig.new_upload(CLIP)
    with hang(patient_rig, upload) as old:
        began = time.monotonic()
        assert patient_rig.offset(upload) == HALF
        assert time.monotonic() - began < 5
        assert status_of(old) == 423
        until(lambda: old.recv(4096) == b"")
    assert patient_rig.patch(upload, HALF, CLIP[HALF:]).status_code == 204


def test_a_new_patch_goes_on_while_the_old_one_hangs(patient_rig):
    upload = patient_rig.new_upload(CLIP)
    with hang(patient_rig, upload) as old:
        assert patient_rig.patch(upload, HALF, CLIP[HALF:]).headers["Upload-Offset"] == str(len(CLIP))
        assert status_of(old) == 423
    assert patient_rig.offset(upload) == len(CLIP)


def test_terminating_ends_a_hanging_connection_too(patient_rig):
    upload = patient_rig.new_upload(CLIP)
    with hang(patient_rig, upload) as old:
        assert patient_rig.request("DELETE", upload).status_code == 204
        assert status_of(old) == 423
    assert patient_rig.request("HEAD", upload).status_code == 404


def test_many_connections_at_once_store_one_file(patient_rig, tmp_path):
    """Each sends the whole file from where the hub says; whoever is ended comes back."""
    session = patient_rig.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = patient_rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]

    def send_until_done(_client: int) -> set[int]:
        seen = set()
        while (offset := patient_rig.offset(upload)) < len(CLIP):
            try:
                seen.add(patient_rig.patch(upload, offset, CLIP[offset:]).status_code)
            except OSError:  # the connection was closed under the body
                seen.add(0)
        return seen

    with ThreadPoolExecutor(4) as clients:
        statuses = set().union(*clients.map(send_until_done, range(4)))
    assert 204 in statuses
    assert statuses <= {0, 204, 409, 413, 423}
    assert patient_rig.session(session)["files"][0]["state"] == "received"
    [stored] = (tmp_path / "hub" / "incoming").iterdir()
    assert sha256(stored.read_bytes()) == sha256(CLIP)


def test_a_holder_that_cannot_let_go_turns_the_newcomer_away():
    async def contend() -> None:
        locks = UploadLocks(release_within_s=0.05)
        async with locks.holding("a"):
            with pytest.raises(GrimaceError) as refused:
                async with locks.holding("a"):
                    pytest.fail("two hold the same upload")
            assert refused.value.fault is UPLOAD_BUSY
            async with locks.holding("b"):
                pass
        async with locks.holding("a") as hold:
            assert hold.stop is None

    asyncio.run(contend())


def test_the_newcomer_goes_on_as_soon_as_the_holder_let_go():
    async def contend() -> list[str]:
        locks, order = UploadLocks(release_within_s=5), []

        async def hold_until_asked() -> None:
            async with locks.holding("a") as hold:
                while hold.stop is None:
                    await asyncio.sleep(0)
                assert hold.stop is StopReason.PREEMPTED
                order.append("let go")

        holder = asyncio.create_task(hold_until_asked())
        await asyncio.sleep(0)
        async with locks.holding("a"):
            order.append("took over")
        await holder
        return order

    assert asyncio.run(contend()) == ["let go", "took over"]


def test_after_the_hub_was_asked_to_stop_nobody_starts_to_wait_for_bytes():
    async def late() -> StopReason | None:
        locks = UploadLocks()
        locks.stop_all()
        async with locks.holding("a") as hold:
            return hold.stop

    assert asyncio.run(late()) is StopReason.SHUTDOWN


def test_two_processes_cannot_write_the_same_file(tmp_path):
    with IncomingFile(tmp_path / "upload"), pytest.raises(GrimaceError) as refused:
        IncomingFile(tmp_path / "upload")  # flock counts per opening, so this is what another process meets
    assert refused.value.fault is UPLOAD_BUSY
    IncomingFile(tmp_path / "upload").close()
