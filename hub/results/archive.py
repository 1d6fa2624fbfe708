"""The ZIP of an analysis: scores, summary, the analysed frames and the checksums of it all, made while it is sent.

Nothing is kept: the archive is a generator of bytes that holds one frame at a time, however long the recording.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from hub.results.painface_csv import csv_of
from hub.results.pictures import jpeg_of
from hub.scoring.frame_reader import read_frames
from hub.scoring.frame_table import FrameTable
from hub.scoring.recording import open_recording
from shared.api import ScoreSummary
from shared.manifest import MANIFEST_NAME

EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP's earliest time, given to every entry: the same analysis makes the same bytes."""


def archive_of(table: pa.Table, summary: ScoreSummary, recording: Path) -> Iterator[bytes]:
    """The archive, piece by piece; `recording` is the stored session folder or video that was analysed.

    Raises TableInvalid, GrimaceError (as `open_recording`) and OSError, all but read errors of frames before the first piece.
    """
    scores = csv_of(table)
    frames = open_recording(recording).frames
    return _pieces(scores, table, summary, frames, recording)


def _pieces(
    scores: Iterator[bytes], table: pa.Table, summary: ScoreSummary, frames: FrameTable, recording: Path
) -> Iterator[bytes]:
    writer = _StreamedZip()
    yield from writer.add("README.txt", [readme_of(summary).encode()])
    yield from writer.add("scores.csv", scores)
    yield from writer.add("summary.json", [summary.model_dump_json(indent=2).encode() + b"\n"])
    if (recording / MANIFEST_NAME).is_file():
        yield from writer.add(MANIFEST_NAME, [(recording / MANIFEST_NAME).read_bytes()])
    for read in read_frames(frames, _rows(table, frames)):
        if read.picture is not None:
            yield from writer.add(f"frames/{frames.frame_index[read.row]:06d}.jpg", [jpeg_of(read.picture)], compress=False)
    sums = "".join(f"{digest}  {name}\n" for name, digest in writer.digests.items())
    yield from writer.add("SHA256SUMS", [sums.encode()])
    yield writer.close()


def readme_of(summary: ScoreSummary) -> str:
    """What is in the archive, for the person who finds it in ten years; warnings come first."""
    warnings = "".join(
        f"* {warning.text}{f' ({warning.detail})' if warning.detail else ''}. {warning.remedy}\n" for warning in summary.warnings
    )
    placeholder = "PLACEHOLDER SCORES: NOT VALIDATED ON REAL ANIMALS, NOT TO BE USED FOR SCIENCE OR WELFARE DECISIONS\n\n"
    return (
        f"{placeholder if summary.placeholder else ''}"
        f"Grimace analysis with build {summary.build} (SHA-256 of its manifest {summary.build_sha256}),\n"
        f"subject type {summary.subject_type}, {summary.rate:g} frames/s: {summary.frames_analysed} frames analysed.\n"
        f"{f'{chr(10)}Warnings:{chr(10)}{warnings}' if warnings else ''}\n"
        "scores.csv    one line per analysed frame, in PainFace's columns; -1 and NA: not detected\n"
        "summary.json  the means, and how many frames they rest on\n"
        "session.json  the recording's manifest, where a rig recorded it\n"
        "frames/       the analysed frames, named by their frame index\n"
        "SHA256SUMS    check with: sha256sum -c SHA256SUMS\n"
    )


def _rows(table: pa.Table, frames: FrameTable) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Where the analysed frames are among the recording's."""
    return np.flatnonzero(np.isin(frames.frame_index, table["frame_index"].to_numpy()))


class _Outlet(io.RawIOBase):
    """Takes what zipfile writes and gives it on; cannot seek, so zipfile puts sizes behind the content."""

    def __init__(self) -> None:
        self._taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        content = bytes(piece)  # type: ignore[call-overload]  # RawIOBase says any buffer; bytes() takes them all
        self._taken += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._taken)
        self._taken.clear()
        return taken


class _StreamedZip:
    """A ZIP written entry by entry to whoever asks for the next piece; keeps only the entries' names and digests."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        self._outlet = _Outlet()
        self._zip = zipfile.ZipFile(self._outlet, "w")

    def add(self, name: str, pieces: Iterable[bytes], *, compress: bool = True) -> Iterator[bytes]:
        entry = zipfile.ZipInfo(name, EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        entry.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self._zip.open(entry, "w") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                yield self._outlet.take()
        self.digests[name] = digest.hexdigest()
        yield self._outlet.take()

    def close(self) -> bytes:
        self._zip.close()
        return self._outlet.take()
