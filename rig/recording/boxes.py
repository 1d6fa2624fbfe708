"""The boxes of an MP4 file (ISO/IEC 14496-12), as far as it takes to find where a torn recording is still whole.

A recording is `ftyp`, `free`…, `moov`, then pairs of `moof` and `mdat`, one for each fragment. When it is closed, an index
(`moov`) is appended and, last of all, the first `free` becomes one `mdat` over everything: from then on it is an ordinary MP4.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEADER_BYTES = 8
LARGE_HEADER_BYTES = 16
SIZE_FIELD_IS_64_BIT = 1
NAL_LENGTH_BYTES = 4


@dataclass(frozen=True)
class Box:
    """A box of the file's top level."""

    kind: bytes
    start: int
    payload_start: int
    end: int


def boxes_in(file: BinaryIO, size_bytes: int) -> Iterator[Box]:
    """The boxes of the top level, up to the first one that is cut off or cannot be a box."""
    start = 0
    while start + HEADER_BYTES <= size_bytes:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(HEADER_BYTES))
        payload_start = start + HEADER_BYTES
        if length == SIZE_FIELD_IS_64_BIT:
            if payload_start + HEADER_BYTES > size_bytes:
                return
            (length,) = struct.unpack(">Q", file.read(HEADER_BYTES))
            payload_start = start + LARGE_HEADER_BYTES
        end = start + length
        if end < payload_start or end > size_bytes or not kind.isalnum():
            return
        yield Box(kind, start, payload_start, end)
        start = end


def whole_bytes(path: Path, before_byte: int | None = None) -> int:
    """How many bytes of a recording hold together: all of a closed one, else up to the end of the last whole fragment.

    A fragment is only written when the one before it is durable, so a broken one before a whole one was damaged later; it stays.
    With `before_byte`, only fragments that end before it count. 0 when there is none: no frame is left in the file.
    """
    size_bytes = path.stat().st_size if before_byte is None else before_byte
    with path.open("rb") as file:
        fragment: Box | None = None
        media_before_index = False
        has_index = False
        whole = 0
        for box in boxes_in(file, size_bytes):
            if box.kind == b"moov":
                if media_before_index:
                    return box.end
                has_index = True
            elif box.kind == b"moof":
                fragment = box
            elif box.kind == b"mdat":
                if fragment is None:
                    media_before_index = not has_index
                elif fragment.end == box.start and _holds_whole_samples(file, box):
                    whole = box.end
                fragment = None
        return whole


def _holds_whole_samples(file: BinaryIO, media: Box) -> bool:
    """Whether the samples fill the box exactly: after a power cut, blocks that never reached the disk read as zeros."""
    position = media.payload_start
    while position + NAL_LENGTH_BYTES <= media.end:
        file.seek(position)
        (length,) = struct.unpack(">I", file.read(NAL_LENGTH_BYTES))
        if length == 0:
            return False
        position += NAL_LENGTH_BYTES + length
    return position == media.end


def cut_to_whole_fragments(path: Path, before_byte: int | None = None) -> int:
    """Cut a torn recording after its last whole fragment, durably; returns the bytes that stay. Safe to repeat."""
    whole = whole_bytes(path, before_byte)
    with path.open("r+b") as file:
        if whole < path.stat().st_size:
            file.truncate(whole)
        os.fsync(file.fileno())
    return whole
