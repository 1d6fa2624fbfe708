"""What is sent when: within the cap, not during a recording, the oldest first, and all of it after a day without a hub."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rig.outbox.states import State
from rig.settings import UploadSettings
from rig.upload.traffic import Traffic
from shared.manifest import MANIFEST_NAME
from tests.processes import unused_port
from tests.rig.upload.fault_proxy import Fault
from tests.rig.upload.upload_rig import flip_a_bit

LARGE = {"frames": 10, "size_px": 160}
"""About half a megabyte."""


@dataclass
class RecordingAfter:
    """A camera that begins to record when so much was sent."""

    traffic: Traffic | None = None
    sent_bytes: int = 0
    over: bool = False

    def __call__(self) -> bool:
        return not self.over and self.traffic is not None and self.traffic.sent_bytes >= self.sent_bytes


def size_bytes(folder) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.name != "receipt.json")


def test_under_a_cap_a_session_takes_its_time_and_arrives_whole(rig, known_rig):
    folder = rig.seal(**LARGE)
    cap = size_bytes(folder) // 20
    rig.uploader = rig.new_uploader(upload=UploadSettings(cap_bytes_per_s=cap))
    begun_ns = rig.clock.monotonic_ns()
    rig.uploader.run_once()
    assert (rig.clock.monotonic_ns() - begun_ns) / 1e9 == pytest.approx(20, abs=2)
    rig.until_state(folder, State.CONFIRMED)
    assert known_rig.stored(folder.name)["part-1.mp4"] == (folder / "part-1.mp4").read_bytes()


def test_under_a_cap_a_failing_session_does_not_block_the_next(proxied):
    rig, proxy = proxied
    changed, poison, good = (rig.seal(age_h=age_h) for age_h in (3, 2, 1))
    flip_a_bit(changed / "part-1.mp4")
    proxy.always = Fault(drop_on=poison.name.encode())
    rig.uploader = rig.new_uploader(upload=UploadSettings(cap_bytes_per_s=100_000))
    rig.until_state(good, State.CONFIRMED)
    assert rig.row(poison).state is State.ANNOUNCING
    assert rig.row(changed).state is State.QUARANTINED


def test_a_recording_stops_a_file_in_the_middle_and_it_goes_on_from_there(rig):
    folder = rig.seal(**LARGE)
    camera = RecordingAfter(sent_bytes=size_bytes(folder) // 2)
    camera.traffic = Traffic(rig.settings.upload, camera, rig.clock, rig.clock.advance)
    rig.uploader = rig.new_uploader()
    rig.uploader.traffic = camera.traffic
    for _ in range(3):
        rig.uploader.run_once()
    stopped = rig.row(folder)
    assert (stopped.state, stopped.fault_code, stopped.attempts) == (State.UPLOADING, None, 0)
    assert camera.traffic.sent_bytes <= size_bytes(folder) // 2 + rig.settings.upload.chunk_bytes
    camera.over = True
    rig.until_state(folder, State.CONFIRMED)
    assert camera.traffic.sent_bytes < size_bytes(folder) + 2 * rig.settings.upload.chunk_bytes


def test_while_a_recording_runs_nothing_new_is_read_or_sent(proxied):
    rig, proxy = proxied
    rig.recording = True
    folder = rig.seal()
    for _ in range(3):
        rig.uploader.run_once()
    assert rig.row(folder).state is State.QUEUED
    assert proxy.bytes_to_hub == 0


def test_a_receipt_is_fetched_although_a_recording_runs(rig):
    folder = rig.seal()
    rig.until(lambda: folder.name in rig.journal.session_ids({State.AWAITING_RECEIPT, State.CONFIRMED}))
    rig.recording = True
    rig.until_state(folder, State.CONFIRMED)


def test_while_a_recording_runs_the_lower_cap_lets_a_little_through(rig):
    rig.recording = True
    folder = rig.seal()
    rig.uploader = rig.new_uploader(upload=UploadSettings(while_recording_bytes_per_s=50_000))
    begun_ns = rig.clock.monotonic_ns()
    rig.uploader.run_once()
    assert (rig.clock.monotonic_ns() - begun_ns) / 1e9 == pytest.approx(size_bytes(folder) / 50_000, abs=1.5)


def test_after_a_day_without_a_hub_everything_goes_up_the_oldest_first(rig):
    away = rig.settings.hub.model_copy(update={"url": f"http://127.0.0.1:{unused_port()}"})
    uploader = rig.new_uploader(hub=away)
    folders = []
    for hour in range(24):
        if hour % 4 == 0:
            folders.append(rig.seal(age_h=24 - hour))
        for _ in range(40):
            uploader.run_once()
            rig.clock.advance(90)
    minutes_of_a_day = 24 * 60
    assert 500 < sum(rig.row(folder).attempts for folder in folders) <= minutes_of_a_day
    assert rig.journal.hub_fault().code == "W_HUB_UNREACHABLE"
    assert all((folder / MANIFEST_NAME).exists() for folder in folders)

    rig.uploader = rig.new_uploader()
    rig.until(lambda: rig.journal.session_ids({State.CONFIRMED}) == {folder.name for folder in folders})
    announced = [rig.hub.session(folder.name).announced_at for folder in folders]
    assert announced == sorted(announced)
    assert rig.journal.hub_fault() is None
