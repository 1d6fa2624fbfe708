"""The frame ledger: one line for every frame the camera delivered and one for every packet written, and their balance.

`frames.csv` says what the camera delivered, `packets.csv` what reached the video. Reconciling the two finds every lost frame
without trusting anybody's counter. Times are the sensor's, in nanoseconds of the monotonic clock; a packet belongs to the frame
whose sensor time it carries.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from shared.clock import NANOSECONDS_PER_US
from shared.face_check import FauRow
from shared.manifest import FrameCounts, Gap, GapCause

GAP_FRAMES = 1.5
"""Two written frames further apart than this many frame durations have a hole between them."""

REPORTED_LOSS = 0.001
"""More missing frames than this share carry a warning; International Brain Laboratory's rigs call the same share an error."""


class LedgerError(ValueError):
    """A ledger file that cannot be what the recorder wrote; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A frame that the camera delivered. `frame_index` counts them from 0 through the whole session."""

    frame_index: int
    part: int
    sensor_ns: int
    exposure_us: int
    analogue_gain: float
    digital_gain: float
    frame_duration_us: int
    lux: float
    focus: float
    sensor_temperature_c: float


@dataclass(frozen=True, slots=True)
class PacketRow:
    """A packet that was handed to the video file: `pts_us` counts from the part's first frame."""

    part: int
    pts_us: int
    size_bytes: int
    key_frame: int


RowKind = type[FrameRow] | type[PacketRow] | type[FauRow]
Row = TypeVar("Row", FrameRow, PacketRow, FauRow)


def header(kind: RowKind) -> str:
    """The first line of the ledger file of that kind of row."""
    return ",".join(field.name for field in fields(kind))


def line(row: FrameRow | PacketRow | FauRow) -> str:
    """A row as a line of its file, without the line end."""
    return ",".join(str(value) for value in astuple(row))


def read_rows(path: Path, kind: type[Row]) -> Iterator[Row]:
    """Read a ledger file. A torn last line (no line end: the writer was killed) is left out; any other fault is a LedgerError."""
    with path.open(encoding="ascii", errors="replace", newline="\n") as file:
        lines = _whole_lines(file)
        names = header(kind)
        found = next(lines, "")
        if found != names:
            raise LedgerError(f"{path.name}: expected the columns {names}, found {found or 'nothing'}")
        casts = _casts(kind)
        for number, text in enumerate(lines, start=2):
            try:
                yield kind(*(cast(cell) for cast, cell in zip(casts, text.split(","), strict=True)))
            except ValueError as error:
                raise LedgerError(f"{path.name}, line {number}: {error}") from error


def check_line(text: str, kind: RowKind) -> None:
    """Raise ValueError unless this line, without its end, is a row of that kind."""
    kind(*(cast(cell) for cast, cell in zip(_casts(kind), text.split(","), strict=True)))


def _casts(kind: RowKind) -> list[Any]:
    return [int if field.type == "int" else float for field in fields(kind)]


def _whole_lines(lines: Iterable[str]) -> Iterator[str]:
    return (text.rstrip("\r\n") for text in lines if text.endswith("\n"))


@dataclass(frozen=True)
class Reconciled:
    """What the two ledgers say together."""

    written: tuple[FrameRow, ...]
    counts: FrameCounts
    gaps: tuple[Gap, ...]


def reconcile(
    frames: Sequence[FrameRow], packets: Iterable[PacketRow], first_sensor_ns: dict[int, int], frame_duration_ns: int
) -> Reconciled:
    """Balance delivered frames against written packets.

    `first_sensor_ns` gives each part's time origin (see `Part`); `packets` are those found in the finished video files. Raises
    LedgerError for a packet that no delivered frame explains: its time would be a guess.
    """
    by_time = {
        (row.part, (row.sensor_ns - first_sensor_ns[row.part]) // NANOSECONDS_PER_US): row
        for row in frames
        if row.part in first_sensor_ns
    }
    written = []
    for packet in packets:
        row = by_time.get((packet.part, packet.pts_us))
        if row is None:
            raise LedgerError(f"part {packet.part}: the packet at {packet.pts_us} us belongs to no delivered frame")
        written.append(row)
    written.sort(key=lambda row: row.frame_index)
    gaps = tuple(_gaps(written, frames, frame_duration_ns))
    missing = sum(gap.frames_missing for gap in gaps)
    counts = FrameCounts(
        expected=len(written) + missing,
        captured=len(frames),
        written=len(written),
        dropped=missing,
        longest_gap_ms=max((gap.duration_ms for gap in gaps), default=0.0),
    )
    return Reconciled(tuple(written), counts, gaps)


def _gaps(written: Sequence[FrameRow], frames: Sequence[FrameRow], frame_duration_ns: int) -> Iterator[Gap]:
    """Every hole between written frames, and those before the first and after the last of them."""
    if not written:
        return
    first, last = written[0], written[-1]
    origin_ns = first.sensor_ns
    if early := [row for row in frames if row.frame_index < first.frame_index]:
        yield Gap(
            after_frame_index=early[0].frame_index - 1,
            start_s=(early[0].sensor_ns - origin_ns) / 1e9,
            duration_ms=(origin_ns - early[0].sensor_ns) / 1e6,
            frames_missing=len(early),
            cause=GapCause.RESTART if early[-1].part != first.part else GapCause.ENCODER,
        )
    delivered = sorted(row.frame_index for row in frames)
    for before, after in pairwise(written):
        span_ns = after.sensor_ns - before.sensor_ns
        unwritten = bisect_left(delivered, after.frame_index) - bisect_right(delivered, before.frame_index)
        if unwritten or span_ns > GAP_FRAMES * frame_duration_ns:
            yield Gap(
                after_frame_index=before.frame_index,
                start_s=(before.sensor_ns - origin_ns) / 1e9,
                duration_ms=span_ns / 1e6,
                frames_missing=max(1, unwritten, round(span_ns / frame_duration_ns) - 1),
                cause=_cause(before, after, unwritten),
            )
    if late := [row for row in frames if row.frame_index > last.frame_index]:
        yield Gap(
            after_frame_index=last.frame_index,
            start_s=(last.sensor_ns - origin_ns) / 1e9,
            duration_ms=(late[-1].sensor_ns - last.sensor_ns) / 1e6,
            frames_missing=max(len(late), round((late[-1].sensor_ns - last.sensor_ns) / frame_duration_ns)),
            cause=GapCause.END,
        )


def _cause(before: FrameRow, after: FrameRow, unwritten: int) -> GapCause:
    if before.part != after.part:
        return GapCause.RESTART
    return GapCause.ENCODER if unwritten else GapCause.CAMERA
