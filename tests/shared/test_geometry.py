"""Boxes and the letterbox, by hand and in general."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.geometry import Box, Letterbox, union

coordinates = st.floats(0, 2000, allow_nan=False)
boxes = st.tuples(coordinates, coordinates, st.floats(1, 500), st.floats(1, 500)).map(
    lambda c: Box(c[0], c[1], c[0] + c[2], c[1] + c[3])
)


def test_half_overlapping_boxes_share_a_third_of_their_union():
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == pytest.approx(1 / 3)


def test_boxes_that_only_touch_share_nothing():
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 20, 10)) == 0


def test_a_full_hd_frame_fits_the_rigs_network_with_room_below():
    box = Letterbox.fit(1920, 1080, 416, 256)
    assert (box.width_px, box.height_px) == (416, 234)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_between_none_and_all(a, b):
    assert a.iou(b) == pytest.approx(b.iou(a))
    assert 0 <= a.iou(b) <= 1


@given(boxes)
def test_a_box_overlaps_itself_wholly(box):
    assert box.iou(box) == pytest.approx(1)


@given(st.lists(boxes, min_size=1, max_size=5))
def test_a_union_contains_every_centre(several):
    around = union(several)
    assert all(around.grown(0.001).contains(box.centre) for box in several)


@given(boxes, st.integers(16, 4096), st.integers(16, 4096))
def test_clipping_never_leaves_the_image(box, width, height):
    inside = box.clipped(width, height)
    assert 0 <= inside.left <= inside.right <= width
    assert 0 <= inside.top <= inside.bottom <= height


@given(boxes, st.integers(100, 4000), st.integers(100, 4000))
def test_a_box_comes_back_from_the_letterbox(box, width, height):
    letterbox = Letterbox.fit(width, height, 416, 256)
    there = Box(*(value * letterbox.scale for value in (box.left, box.top, box.right, box.bottom)))
    back = letterbox.to_frame(there)
    assert back.left == pytest.approx(box.left)
    assert back.bottom == pytest.approx(box.bottom)
