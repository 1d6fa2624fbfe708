"""The balance of delivered frames and written packets: exact whatever was lost, and wherever."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ledger import FrameRow, LedgerError, PacketRow, header, line, read_rows, reconcile
from shared.manifest import GapCause

FRAME_NS = 33_333_333


def frame(index: int, slot: int, part: int = 1) -> FrameRow:
    """The frame of that index, taken in that time slot of the sensor's clock."""
    return FrameRow(index, part, sensor_ns(slot), 0, 1.0, 1.0, 33_333, 0.0, 0.0, 0.0)


def sensor_ns(slot: int) -> int:
    """On whole microseconds, as V4L2 stamps frames."""
    return 5_000_000_000 + slot * 1_000_000 // 30 * 1000


def packet(slot: int, first_slot: int = 0, part: int = 1) -> PacketRow:
    return PacketRow(part, (sensor_ns(slot) - sensor_ns(first_slot)) // 1000, 1000, 0)


def balance(frames, packets, origins=None):
    return reconcile(frames, packets, origins or {1: sensor_ns(0)}, FRAME_NS)


def test_nothing_lost_is_no_gap():
    found = balance([frame(n, n) for n in range(10)], [packet(n) for n in range(10)])
    assert (found.counts.expected, found.counts.written, found.counts.dropped) == (10, 10, 0)
    assert found.gaps == ()


def test_a_frame_that_the_sensor_skipped_is_the_cameras():
    slots = [0, 1, 4, 5]
    found = balance([frame(n, slot) for n, slot in enumerate(slots)], [packet(slot) for slot in slots])
    (gap,) = found.gaps
    assert (gap.after_frame_index, gap.frames_missing, gap.cause) == (1, 2, GapCause.CAMERA)
    assert gap.start_s == pytest.approx(1 / 30, abs=1e-5)
    assert gap.duration_ms == pytest.approx(100, abs=0.01)
    assert found.counts.longest_gap_ms == gap.duration_ms


def test_a_delivered_frame_without_a_packet_is_the_encoders():
    found = balance([frame(n, n) for n in range(6)], [packet(n) for n in (0, 1, 4, 5)])
    assert [(gap.after_frame_index, gap.frames_missing, gap.cause) for gap in found.gaps] == [(1, 2, GapCause.ENCODER)]


def test_frames_after_the_last_packet_were_lost_at_the_end():
    found = balance([frame(n, n) for n in range(6)], [packet(n) for n in range(4)])
    assert [(gap.after_frame_index, gap.frames_missing, gap.cause) for gap in found.gaps] == [(3, 2, GapCause.END)]


def test_frames_before_the_first_packet_count_as_lost_too():
    found = balance([frame(n, n) for n in range(6)], [packet(n) for n in range(2, 6)])
    assert [(gap.after_frame_index, gap.frames_missing, gap.cause) for gap in found.gaps] == [(-1, 2, GapCause.ENCODER)]
    assert found.gaps[0].start_s < 0


def test_the_time_between_two_parts_is_a_restart():
    frames = [*(frame(n, n) for n in range(5)), *(frame(n, n + 60, part=2) for n in range(5, 8))]
    packets = [*(packet(n) for n in range(3)), *(packet(n + 60, first_slot=65, part=2) for n in range(5, 8))]
    found = balance(frames, packets, {1: sensor_ns(0), 2: sensor_ns(65)})
    assert [(gap.after_frame_index, gap.frames_missing, gap.cause) for gap in found.gaps] == [(2, 62, GapCause.RESTART)]
    assert found.counts.expected == 68


def test_a_packet_without_a_frame_is_refused():
    with pytest.raises(LedgerError, match="the packet at 99 us belongs to no delivered frame"):
        balance([frame(0, 0)], [PacketRow(1, 99, 10, 1)])


def test_a_session_without_a_packet_has_no_balance_to_draw():
    found = balance([frame(0, 0)], [])
    assert (found.written, found.gaps, found.counts.expected) == ((), (), 0)


@st.composite
def recordings(draw):
    """Slots of which the sensor delivered some; of those the encoder wrote some."""
    slots = draw(st.integers(1, 200))
    delivered = sorted(draw(st.sets(st.integers(0, slots - 1), min_size=1)))
    lost = draw(st.sets(st.sampled_from(delivered)))
    written = [slot for slot in delivered if slot not in lost]
    return delivered, written


@given(recordings())
def test_expected_is_always_written_and_dropped(recording):
    delivered, written = recording
    origin = {1: sensor_ns(delivered[0])}
    found = balance(
        [frame(n, slot) for n, slot in enumerate(delivered)], [packet(slot, delivered[0]) for slot in written], origin
    )
    counts = found.counts
    assert counts.expected == counts.written + counts.dropped
    assert counts.dropped == sum(gap.frames_missing for gap in found.gaps)
    assert (counts.written, counts.captured) == (len(written), len(delivered))
    if written:
        between = delivered[: delivered.index(written[0])]
        assert counts.expected == delivered[-1] - written[0] + 1 + len(between), "every slot is accounted for"


@given(st.integers(1, 200), st.data())
def test_cutting_the_video_anywhere_moves_frames_from_written_to_lost(count, data):
    kept = data.draw(st.integers(1, count))
    found = balance([frame(n, n) for n in range(count)], [packet(n) for n in range(kept)])
    assert (found.counts.written, found.counts.dropped, found.counts.expected) == (kept, count - kept, count)


@given(st.lists(st.integers(0, 2**60), max_size=20), st.integers(0, 30))
def test_a_ledger_torn_at_any_byte_reads_as_its_whole_lines(tmp_path_factory, times, torn_bytes):
    rows = [PacketRow(1, time, 10, 0) for time in times]
    content = "".join(f"{text}\n" for text in [header(PacketRow), *map(line, rows)])
    kept = content[: max(len(header(PacketRow)) + 1, len(content) - torn_bytes)]
    path: Path = tmp_path_factory.mktemp("ledger") / "packets.csv"
    path.write_text(kept, encoding="ascii")
    assert list(read_rows(path, PacketRow)) == rows[: kept.count("\n") - 1]


def test_a_line_that_no_recorder_wrote_is_named(tmp_path):
    path = tmp_path / "packets.csv"
    path.write_text(header(PacketRow) + "\n1,0,10,1\n1,x,10,0\n", encoding="ascii")
    with pytest.raises(LedgerError, match=r"packets\.csv, line 3"):
        list(read_rows(path, PacketRow))


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "frames.csv"
    path.write_text("a,b\n1,2\n", encoding="ascii")
    with pytest.raises(LedgerError, match="expected the columns frame_index,part"):
        list(read_rows(path, FrameRow))
