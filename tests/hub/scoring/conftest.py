"""Videos whose every picture says which frame it is: 16 black or white squares, the frame's number in binary."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

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
