"""The frame that is delivered is exactly the one that was wanted, whatever the file is like."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.scoring.frame_reader import read_frames
from hub.scoring.frame_table import table_of_video
from hub.scoring.sampling import sample


def numbers_read(path, rows, read_number):
    """The number on each delivered picture; None where there was none."""
    found = list(read_frames(table_of_video(path), np.array(rows)))
    assert [read.row for read in found] == list(rows)
    return [None if read.picture is None else read_number(read.picture) for read in found]


@pytest.fixture(scope="module")
def gop_with_b_frames(stamped, regular, tmp_path_factory):
    return stamped(tmp_path_factory.mktemp("video") / "b.mp4", regular(300), gop=50, b_frames=3)


KINDS = {
    "one key frame a second": {"gop": 30},
    "long groups with B-frames": {"gop": 120, "b_frames": 3},
    "open groups": {"gop": 25, "b_frames": 3, "flags": "-cgop", "x264-params": "open-gop=1"},
    "fragmented, no index": {"gop": 30, "muxer": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}},
}


@pytest.mark.parametrize("rate", [0.4, 1.0, 7.0, 30.0])
@pytest.mark.parametrize("kind", KINDS)
def test_every_sampled_frame_is_the_one_at_its_time(kind, rate, stamped, regular, read_number, tmp_path):
    path = stamped(tmp_path / "video.mp4", regular(200), **KINDS[kind])
    table = table_of_video(path)
    rows = sample(table.time_s, rate)
    assert table.frame_index.tolist() == list(range(200))
    assert numbers_read(path, rows, read_number) == rows.tolist()


@pytest.mark.parametrize("container", ["video.mkv", "video.ts", "video.avi", "video.mov"])
def test_other_containers_give_the_same_frames(container, stamped, regular, read_number, tmp_path):
    path = stamped(tmp_path / container, regular(150), gop=40)
    assert numbers_read(path, [0, 39, 40, 41, 77, 149], read_number) == [0, 39, 40, 41, 77, 149]


def test_a_variable_frame_rate_with_gaps_keeps_the_videos_own_times(stamped, read_number, tmp_path):
    times_us = [0, 33_000, 70_000, 1_000_000, 1_033_000, 1_500_000, 4_200_000, 4_233_000, 5_000_000]
    path = stamped(tmp_path / "video.mp4", times_us, gop=4)
    table = table_of_video(path)
    assert table.time_s.tolist() == pytest.approx([time_us / 1e6 for time_us in times_us], abs=1e-4)
    rows = sample(table.time_s, 1.0)
    assert numbers_read(path, rows, read_number) == [0, 3, 6, 8]


def test_a_video_that_does_not_begin_at_zero_is_counted_from_its_first_frame(stamped, read_number, tmp_path):
    path = stamped(tmp_path / "video.ts", [7_000_000 + round(index * 1e6 / 30) for index in range(60)])
    table = table_of_video(path)
    assert table.time_s[[0, 30]].tolist() == pytest.approx([0.0, 1.0], abs=1e-4)
    assert numbers_read(path, sample(table.time_s, 1.0), read_number) == [0, 30]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.sets(st.integers(0, 299), min_size=1, max_size=40))
def test_any_choice_of_frames_is_delivered_in_order(gop_with_b_frames, read_number, rows):
    assert numbers_read(gop_with_b_frames, sorted(rows), read_number) == sorted(rows)


@pytest.mark.parametrize("rotation_deg", [90, -90, 180])
def test_a_camera_on_its_side_is_turned_upright(rotation_deg, stamped, regular, tmp_path):
    lying = stamped(tmp_path / "lying.mp4", regular(3), rotation_deg=rotation_deg)
    straight = stamped(tmp_path / "straight.mp4", regular(3))
    (turned,) = (read.picture for read in read_frames(table_of_video(lying), np.array([1])))
    (plain,) = (read.picture for read in read_frames(table_of_video(straight), np.array([1])))
    assert np.array_equal(turned, np.rot90(plain, rotation_deg // 90))


def test_a_damaged_group_of_pictures_is_left_out_and_the_next_one_is_whole(stamped, regular, read_number, tmp_path):
    path = stamped(tmp_path / "video.mp4", regular(90), gop=30)
    content = bytearray(path.read_bytes())
    start, size = packet_at(path, 35)
    content[start + 8 : start + size] = bytes(size - 8)
    path.write_bytes(content)
    assert numbers_read(path, [10, 30, 40, 59, 60, 70], read_number) == [10, 30, None, None, 60, 70]


def packet_at(path, number):
    """Where the packet with this place in the file begins, and its size."""
    import av

    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        return packets[number].pos, packets[number].size
