"""How fast bytes may go to the hub: the cap, the lower one during a recording, and the pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.settings import UploadSettings
from rig.upload.activity import ActivityTeller, UploadActivity, read_activity
from rig.upload.traffic import (
    BLOCK_BYTES,
    MADE_UP_FOR_S,
    SMALLEST_CHUNK_BYTES,
    TokenBucket,
    Traffic,
    UploadPaused,
    allowed_bytes_per_s,
)
from shared.clock import NANOSECONDS, ManualClock

SESSION_ID = "0198c1de-0000-7000-8000-000000000001"


class Camera:
    recording = False

    def __call__(self) -> bool:
        return self.recording


def capped(clock: ManualClock, camera: Camera, **upload: object) -> Traffic:
    return Traffic(UploadSettings(**upload), camera, clock, clock.advance)


def send(traffic: Traffic, count: int) -> None:
    while count:
        count -= traffic.admit(count)


@pytest.mark.parametrize(
    ("cap", "while_recording", "recording", "allowed"),
    [
        (None, 0, False, None),
        (None, 0, True, 0),
        (None, 5000, True, 5000),
        (9000, 5000, False, 9000),
        (9000, 5000, True, 5000),
        (3000, 5000, True, 3000),
        (3000, 0, True, 0),
    ],
)
def test_the_lower_cap_counts_and_zero_while_recording_means_nothing(cap, while_recording, recording, allowed):
    upload = UploadSettings(cap_bytes_per_s=cap, while_recording_bytes_per_s=while_recording)
    assert allowed_bytes_per_s(upload, recording) == allowed


@given(st.lists(st.tuples(st.integers(1, 10**6), st.floats(0, 5)), min_size=1, max_size=50), st.integers(1000, 10**7))
def test_over_any_time_no_more_than_the_rate_passes_and_a_second_made_up_for(sends, bytes_per_s):
    bucket, now_ns, begun_ns, passed = TokenBucket(), 10**12, 10**12, 0
    for count, idle_s in sends:
        now_ns += round(idle_s * NANOSECONDS)
        now_ns += bucket.wait_ns(count, bytes_per_s, now_ns)
        passed += count
        elapsed_s = (now_ns - begun_ns) / NANOSECONDS
        assert passed <= bytes_per_s * (elapsed_s + MADE_UP_FOR_S) + len(sends)


def test_without_a_cap_nothing_waits():
    clock = ManualClock()
    send(capped(clock, Camera()), 10**8)
    assert clock.elapsed_ns == 0


def test_a_capped_stream_takes_its_time_and_is_even():
    clock = ManualClock()
    clock.advance(1000)
    traffic = capped(clock, Camera(), cap_bytes_per_s=100_000)
    for second in range(1, 11):
        send(traffic, 100_000)
        assert clock.elapsed_ns / NANOSECONDS - 1000 == pytest.approx(second - MADE_UP_FOR_S, abs=0.3)


def test_a_recording_that_begins_is_noticed_within_a_block_and_everything_goes_on_after_it():
    camera = Camera()
    traffic = capped(ManualClock(), camera, cap_bytes_per_s=10_000)
    assert traffic.admit(10**6) == 2500  # a quarter of a second
    camera.recording = True
    with pytest.raises(UploadPaused):
        traffic.admit(10**6)
    camera.recording = False
    assert traffic.admit(10**6) == 2500


def test_a_recording_that_begins_while_a_block_waits_for_its_turn_stops_it():
    camera, clock = Camera(), ManualClock()

    def nap(seconds: float) -> None:
        clock.advance(seconds)
        camera.recording = True

    traffic = Traffic(UploadSettings(cap_bytes_per_s=1000), camera, clock, nap)
    with pytest.raises(UploadPaused):
        traffic.admit(10**6)
    assert traffic.sent_bytes == 0


def test_a_slow_line_gets_small_chunks_because_a_chunk_counts_as_a_whole_or_not_at_all():
    wished = 4 * 2**20
    sizes = [capped(ManualClock(), Camera(), cap_bytes_per_s=cap).longest_chunk_bytes(wished) for cap in (None, 10**6, 10**5, 10)]
    assert sizes == [wished, wished, 3 * 10**6, SMALLEST_CHUNK_BYTES]


def test_a_block_is_never_larger_than_what_memory_is_meant_for():
    assert capped(ManualClock(), Camera(), cap_bytes_per_s=10**9).admit(10**9) == BLOCK_BYTES


def test_others_can_read_what_is_being_sent_and_how_fast(tmp_path):
    camera, clock = Camera(), ManualClock()
    traffic = capped(clock, camera, cap_bytes_per_s=50_000)
    teller = ActivityTeller(tmp_path, traffic, clock)
    assert read_activity(tmp_path) == UploadActivity()
    with traffic.sending(SESSION_ID):
        for _ in range(3):
            teller.tell()
            send(traffic, 100_000)
        teller.tell()
        told = read_activity(tmp_path)
    assert (told.active_session, told.cap_bytes_per_s) == (SESSION_ID, 50_000)
    assert told.rate_bytes_per_s == pytest.approx(50_000, rel=0.01)
    camera.recording = True
    teller.tell()
    assert read_activity(tmp_path) == UploadActivity(cap_bytes_per_s=0, paused_because="recording")
