"""The replay camera is a camera: its clock, its scene's true position, its frame grid."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.camera.backend import EncodedPacket, FrameInfo, RecordedSoFar, SmallFrame
from rig.camera.pattern import NUMBER_BITS, Pattern, number_of
from rig.camera.replay import ReplayCamera, Timeline
from rig.camera.sources import FileScene
from rig.control import command_address
from shared.clock import SystemClock
from shared.faults import Fault, GrimaceError
from tests.processes import until
from tests.rig.bench import CLIP, tiny_camera


@dataclass
class Collected:
    """Listener and sink that keep what they are given, up to a number of packets."""

    wanted: int
    packets: list[EncodedPacket] = field(default_factory=list)
    small_frames: list[SmallFrame] = field(default_factory=list)
    complete: threading.Event = field(default_factory=threading.Event)

    def on_frame(self, frame: FrameInfo) -> None:
        """Only packets and small frames matter here."""

    def on_small_frame(self, frame: SmallFrame) -> None:
        self.small_frames.append(frame)

    def on_fault(self, fault: Fault, detail: str) -> None:
        raise AssertionError(f"{fault.code}: {detail}")

    def on_packet(self, packet: EncodedPacket) -> None:
        self.packets.append(packet)
        if len(self.packets) >= self.wanted:
            self.complete.set()

    def wait_for_room(self, timeout_s: float) -> bool:
        return timeout_s > 0 and not self.complete.is_set()


def numbers_in(packets: list[EncodedPacket], height_px: int) -> list[int]:
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))]
    return [number_of(frame.to_ndarray()[:height_px]) for frame in [*frames, *decoder.decode(None)]]


def film(settings, so_far: RecordedSoFar | None, wanted: int) -> list[EncodedPacket]:
    collected = Collected(wanted)
    with ReplayCamera(settings, SystemClock()) as camera:
        camera.open()
        camera.start(collected)
        camera.start_encoder(collected, so_far)
        assert collected.complete.wait(30)
        camera.stop_encoder()
    return collected.packets


def test_a_paced_scene_went_on_while_nobody_filmed_it():
    now_us = SystemClock().monotonic_ns() // 1000
    first_us = now_us - 100_000_000
    packets = film(tiny_camera(paced=True), RecordedSoFar(first_us, first_us + 500_000), wanted=5)
    numbers = numbers_in(packets, 90)
    assert 3000 <= numbers[0] < 3060, "100 s are 3000 frames"
    assert [packet.sensor_us - first_us for packet in packets] == [number * 1_000_000 // 30 for number in numbers]


def test_a_scene_filmed_as_fast_as_possible_stood_still():
    packets = film(tiny_camera(), RecordedSoFar(1_000_000, 1_000_000 + 300_000), wanted=3)
    assert numbers_in(packets, 90)[:3] == [10, 11, 12]
    assert packets[0].sensor_us == 1_000_000 + 333_333


def collected_while(settings, encode: bool, complete: Callable[[Collected], bool]) -> Collected:
    collected = Collected(10**9)
    with ReplayCamera(settings, SystemClock()) as camera:
        camera.open()
        if encode:
            camera.start_encoder(collected)
        camera.start(collected)
        until(lambda: complete(collected))
        camera.stop_encoder()
    return collected


def small_frames_recorded(seen: Collected) -> list[SmallFrame]:
    """Without those from after the recording."""
    recorded = {packet.sensor_us for packet in seen.packets}
    return [frame for frame in seen.small_frames if frame.sensor_us in recorded]


@pytest.mark.parametrize("encode", [False, True])
def test_some_frames_are_told_small_whether_or_not_they_are_recorded(encode):
    settings = tiny_camera(paced=True, preview_rate_hz=10, width_px=1280, height_px=720)
    small = collected_while(settings, encode, lambda seen: len(seen.small_frames) >= 5).small_frames
    assert {(frame.width_px, frame.height_px, len(frame.i420)) for frame in small} == {(640, 360, 640 * 360 * 3 // 2)}
    assert [round((after.sensor_us - before.sensor_us) / 1e5) for before, after in pairwise(small)][1:4] == [1, 1, 1]


def test_a_small_frame_shows_the_frame_of_its_time():
    settings = tiny_camera(width_px=320, height_px=180)
    seen = collected_while(settings, encode=True, complete=lambda seen: len(seen.small_frames) >= 4)
    first_us = seen.packets[0].sensor_us
    for frame in small_frames_recorded(seen):
        luma = np.frombuffer(frame.i420, np.uint8)[: 320 * 180].reshape(180, 320)
        assert number_of(luma) == round((frame.sensor_us - first_us) * 30 / 1e6)


def test_as_fast_as_possible_small_frames_keep_pace_with_the_sensors_clock():
    seen = collected_while(tiny_camera(preview_rate_hz=5), True, lambda seen: len(seen.packets) >= 600)
    span_s = (seen.packets[-1].sensor_us - seen.packets[0].sensor_us) / 1e6
    assert len(small_frames_recorded(seen)) == pytest.approx(5 * span_s, abs=2)


def test_the_first_packet_is_a_key_frame():
    assert [packet.key_frame for packet in film(tiny_camera(), None, wanted=3)[:3]] == [True, False, False]


@given(st.integers(0, 10**9), st.sampled_from([Fraction(30), Fraction(25), Fraction(30000, 1001)]))
def test_the_grid_of_frame_times_neither_drifts_nor_skips(number, rate):
    timeline = Timeline(origin_us=7, rate=rate)
    assert timeline.number_at(timeline.sensor_us(number)) == number
    assert timeline.number_at(timeline.sensor_us(number + 1) - 1) == number
    assert abs(timeline.sensor_us(number) - 7 - number * 1_000_000 / rate) < 1


@pytest.mark.parametrize(("width_px", "height_px"), [(1920, 1080), (160, 90), (64, 36)])
@given(number=st.integers(0, 2**NUMBER_BITS - 1))
def test_a_painted_frame_carries_its_number(width_px, height_px, number):
    assert number_of(Pattern(width_px, height_px).paint(number)[:height_px]) == number


def test_any_frame_of_a_file_is_found_in_any_order():
    with av.open(str(CLIP)) as container:
        expected = [frame.to_ndarray()[:1080].mean() for _, frame in zip(range(200), container.decode(video=0), strict=False)]
    scene = FileScene(CLIP, 1920, 1080, 30.0)
    for number in (0, 1, 5, 150, 40, 199, 360, 361 + 360):
        assert scene.frame(number).to_ndarray()[:1080].mean() == pytest.approx(expected[number % 360], abs=1e-9)
    scene.close()


@pytest.mark.parametrize("content", [None, b"", b"not a video"])
def test_a_source_that_is_no_video_is_named(tmp_path, content):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GrimaceError, match=r"E_CAM_SOURCE.*clip\.mp4"):
        ReplayCamera(tiny_camera(source=str(path)), SystemClock()).open()


def test_a_data_folder_too_deep_for_a_local_socket_is_refused_in_words():
    with pytest.raises(GrimaceError, match="use a shorter path"):
        command_address(Path("/" + "deep/" * 30))
