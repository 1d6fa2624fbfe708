"""Videos whose every picture says which frame it is (16 black or white squares, its number in binary), and sessions of them."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.hashing import sha256_of_file
from shared.ledger import FrameRow, PacketRow, header, line, reconcile
from shared.manifest import (
    FRAMES_NAME,
    MANIFEST_NAME,
    PACKETS_NAME,
    CameraRecord,
    FileRecord,
    Part,
    SealState,
    SessionManifest,
    StudyMetadata,
    video_name,
)

SQUARE_PX = 24
SQUARES = 16
MICROSECONDS = Fraction(1, 1_000_000)


def picture_of(number: int, width_px: int = 480, height_px: int = 270) -> NDArray[np.uint8]:
    """A grey picture with the number in its upper left corner, and a texture below that gives the encoder work."""
    picture = np.full((height_px, width_px, 3), 128, np.uint8)
    picture[height_px // 2 :, :, 0] = (np.arange(width_px) * 3 + number * 5) % 256
    for bit in range(SQUARES):
        column, row = bit % 8 * SQUARE_PX, bit // 8 * SQUARE_PX
        picture[row : row + SQUARE_PX, column : column + SQUARE_PX] = 255 if number >> bit & 1 else 0
    return picture


def number_on(picture: NDArray[np.uint8]) -> int:
    """The number that a decoded picture shows."""
    middle = SQUARE_PX // 2
    return sum(
        (int(picture[bit // 8 * SQUARE_PX + middle, bit % 8 * SQUARE_PX + middle].mean()) > 127) << bit for bit in range(SQUARES)
    )


def write_stamped(
    path: Path,
    times_us: Iterable[int],
    *,
    gop: int = 30,
    b_frames: int = 0,
    size_px: tuple[int, int] = (480, 270),
    first_number: int = 0,
    rotation_deg: int = 0,
    muxer: dict[str, str] | None = None,
    **x264: str,
) -> Path:
    """Encode numbered pictures shown at these times; every `gop`-th is a key frame."""
    options = {"preset": "ultrafast", "bf": str(b_frames), "g": str(gop), "keyint_min": str(gop), "sc_threshold": "0", **x264}
    if b_frames:
        options |= {"preset": "veryfast", "b_strategy": "0"}
    with av.open(str(path), "w", options=muxer or {}) as container:
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = *size_px, "yuv420p"
        stream.codec_context.time_base = MICROSECONDS
        stream.time_base = MICROSECONDS
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for number, time_us in enumerate(times_us, start=first_number):
            frame = av.VideoFrame.from_ndarray(picture_of(number, *size_px), format="rgb24")
            frame.pts, frame.time_base = time_us, MICROSECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def at_30_fps(frames: int) -> list[int]:
    return [round(index * 1e6 / 30) for index in range(frames)]


@pytest.fixture(scope="session")
def stamped() -> Callable[..., Path]:
    """Writes a numbered video; see `write_stamped`."""
    return write_stamped


@pytest.fixture(scope="session")
def read_number() -> Callable[[NDArray[np.uint8]], int]:
    """Reads the number off a picture of a numbered video."""
    return number_on


@pytest.fixture(scope="session")
def regular() -> Callable[[int], list[int]]:
    """Times of so many frames at 30 frames/s, in microseconds."""
    return at_30_fps


ORIGIN_NS = 5_000_000_000_000
"""When the sensor took the first frame of the session that `record_session` makes."""
STEP_NS = 33_333_000
EXACT = {"video_track_timescale": "1000000"}


def record_session(folder: Path, parts: list[range], delivered: int) -> SessionManifest:
    """A session folder as a rig leaves it: the camera delivered frames 0, 1, 2 …; each part's video holds a range of them."""
    sensor_ns = [ORIGIN_NS + index * STEP_NS for index in range(delivered)]
    part_of = {index: number for number, written in enumerate(parts, start=1) for index in written}
    frames = [
        FrameRow(index, part_of.get(index, 1), at_ns, 8000, 1.0, 1.0, 33_333, 1500.0, 100.0, 30.0)
        for index, at_ns in enumerate(sensor_ns)
    ]
    packets, records = [], []
    for number, written in enumerate(parts, start=1):
        times_us = [(sensor_ns[index] - sensor_ns[written[0]]) // 1000 for index in written]
        write_stamped(folder / video_name(number), times_us, gop=30, first_number=written[0], muxer=EXACT)
        packets += [PacketRow(number, at_us, 1000, int(place % 30 == 0)) for place, at_us in enumerate(times_us)]
        records.append(
            Part(
                number=number,
                file=video_name(number),
                first_sensor_ns=sensor_ns[written[0]],
                frames_written=len(written),
            )
        )
    for name, rows in ((FRAMES_NAME, frames), (PACKETS_NAME, packets)):
        kind = type(rows[0])
        (folder / name).write_text("".join(f"{text}\n" for text in (header(kind), *map(line, rows))))
    origins = {part.number: part.first_sensor_ns for part in records}
    balance = reconcile(frames, packets, origins, round(1e9 / 30))
    manifest = SessionManifest(
        session_id="01234567-89ab-4def-8123-456789abcdef",
        state=SealState.SEALED,
        rig_id="rig-1",
        software_version="0.1.0",
        started_at="2026-11-22T10:00:00Z",
        ended_at="2026-11-22T10:01:00Z",
        study=StudyMetadata(),
        camera=CameraRecord(backend="replay", model="test", width_px=480, height_px=270, frame_rate=30.0),
        parts=tuple(records),
        counts=balance.counts,
        gaps=balance.gaps,
        files=tuple(
            FileRecord(name=path.name, size_bytes=path.stat().st_size, sha256=sha256_of_file(path))
            for path in sorted(folder.iterdir())
        ),
    )
    manifest.write(folder / MANIFEST_NAME)
    return manifest


@pytest.fixture(scope="session")
def recorded() -> Callable[..., SessionManifest]:
    """Writes a session folder; see `record_session`."""
    return record_session
