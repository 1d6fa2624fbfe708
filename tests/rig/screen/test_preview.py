"""The preview: one JPEG for all who look, and only while somebody looks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from rig.camera.backend import SmallFrame
from rig.screen.preview import PreviewFeed, jpeg_of, measure
from shared.clock import ManualClock, SystemClock
from tests.processes import until


def grey(level: int, sensor_us: int = 1) -> SmallFrame:
    return SmallFrame(sensor_us, 64, 36, bytes([level]) * (64 * 36) + bytes([128]) * (64 * 18))


def test_the_jpeg_shows_the_frame():
    shown = cv2.imdecode(np.frombuffer(jpeg_of(grey(126)), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (36, 64)
    assert abs(float(shown.mean()) - (126 - 16) * 255 / 219) < 2  # limited-range luma, ITU-R BT.601


def test_a_frame_of_another_size_than_it_says_is_refused():
    with pytest.raises(ValueError, match="reshape"):
        jpeg_of(SmallFrame(1, 64, 36, b"\0" * 10))


def test_measures_of_a_grey_picture():
    measures = measure(grey(100))
    assert (measures.mean, measures.sharpness, measures.over_exposed) == (100.0, 0.0, 0.0)
    assert measures.histogram[25] == 1.0


def test_measures_of_a_black_picture():
    assert measure(grey(0)).under_exposed == 1.0


class CountedFrames:
    """Frames without end; counts how many were taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.followers = 0
        self.ended = 0

    def __call__(self) -> Iterator[SmallFrame]:
        self.followers += 1
        try:
            for number in itertools.count(1):
                self.taken += 1
                yield grey(100, number)
        finally:
            self.ended += 1


def test_two_who_look_share_one_follower():
    frames = CountedFrames()
    feed = PreviewFeed(frames, SystemClock())
    assert feed.picture_after(-1, 1.0)
    assert feed.picture_after(-1, 1.0)
    assert frames.followers == 1


def test_five_pictures_a_second_at_most_are_made():
    feed = PreviewFeed(CountedFrames(), SystemClock())
    seen = [picture.frame.sensor_us for picture in (feed.picture_after(-1, 1.0), feed.picture_after(1, 1.0)) if picture]
    began = SystemClock().monotonic_ns()
    picture = feed.picture_after(seen[-1], 1.0)
    assert picture is not None
    assert SystemClock().monotonic_ns() - began > 0.15e9


def test_nobody_follows_when_nobody_looks():
    clock = ManualClock()
    frames = CountedFrames()
    feed = PreviewFeed(frames, clock)
    assert feed.picture_after(-1, 1.0)
    clock.advance(10.0)
    until(lambda: frames.ended == 1, 2.0)
    taken = frames.taken
    assert feed.picture_after(-1, 1.0)
    assert frames.followers == 2
    assert frames.taken > taken


def test_without_frames_the_answer_is_none():
    assert PreviewFeed(lambda: iter(()), SystemClock()).picture_after(-1, 0.05) is None
