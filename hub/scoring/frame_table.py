"""The written frames of a session: where each lies in which video, and when in the session it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hub.scoring.video import MICROSECONDS, Demuxed, PacketTable, demux
from shared.faults import LEDGER_MISMATCH, GrimaceError
from shared.ledger import FrameRow as LedgerFrame
from shared.ledger import LedgerError, PacketRow, read_rows, reconcile
from shared.manifest import FRAMES_NAME, PACKETS_NAME, Part, SessionManifest


@dataclass(frozen=True)
class VideoPart:
    """One video of a session, with its packets."""

    number: int
    path: Path
    packets: PacketTable


@dataclass(frozen=True)
class FrameTable:
    """The frames that can be decoded, in the order in which they were taken; the arrays have one entry per frame."""

    frame_index: NDArray[np.int64]
    """0-based in the session: as the camera counted them, or the place in the lone video."""
    part: NDArray[np.int64]
    pts_us: NDArray[np.int64]
    """The frame's time in its part's video."""
    time_s: NDArray[np.float64]
    """Seconds since the session's first written frame."""
    parts: tuple[VideoPart, ...]
    left_out: int
    """Written frames that cannot be decoded because no key frame precedes them."""
    truncated: bool

    def __len__(self) -> int:
        return len(self.frame_index)

    @property
    def duration_s(self) -> float:
        """From the first written frame's beginning to the last one's end."""
        if not len(self):
            return 0.0
        return float(self.time_s[-1]) + (float(np.median(np.diff(self.time_s))) if len(self) > 1 else 0.0)


def table_of_video(path: Path) -> FrameTable:
    """The frames of a lone video, counted in the order in which they are shown; raises as `demux`."""
    found = demux(path)
    shown, order = np.unique(found.packets.pts_us, return_index=True)
    origin_us = shown[0] if len(shown) else 0
    return _table(
        [VideoPart(1, path, found.packets)],
        frame_index=np.arange(len(shown)),
        part=np.ones(len(shown), np.int64),
        pts_us=shown,
        time_s=(shown - origin_us) / MICROSECONDS,
        decodable=found.packets.decodable()[order],
        truncated=found.truncated,
    )


def table_of_session(folder: Path, manifest: SessionManifest) -> FrameTable:
    """The frames of a recorded session, from its ledger.

    The ledger was checked against the videos when the session was stored, so they are not read again, except for recovered
    parts, whose ledger may end elsewhere than their video. Raises GrimaceError with E_LEDGER, and as `demux`.
    """
    try:
        delivered = list(read_rows(folder / FRAMES_NAME, LedgerFrame))
        handed = list(read_rows(folder / PACKETS_NAME, PacketRow))
        found = {part.number: _packets_of(folder, part, handed) for part in manifest.parts}
        packets = [PacketRow(number, pts_us, 0, 0) for number, video in found.items() for pts_us in video.packets.pts_us.tolist()]
        origins = {part.number: part.first_sensor_ns for part in manifest.parts}
        written = reconcile(delivered, packets, origins, round(1e9 / manifest.camera.frame_rate)).written
    except (LedgerError, OSError) as error:
        raise GrimaceError(LEDGER_MISMATCH, str(error)) from error
    sensor_ns = np.array([row.sensor_ns for row in written], np.int64)
    order = {part: np.argsort(video.packets.pts_us, kind="stable") for part, video in found.items()}
    return _table(
        [VideoPart(part.number, folder / part.file, found[part.number].packets) for part in manifest.parts],
        frame_index=np.array([row.frame_index for row in written], np.int64),
        part=np.array([row.part for row in written], np.int64),
        pts_us=np.concatenate([video.packets.pts_us[order[part]] for part, video in found.items()]),
        time_s=(sensor_ns - sensor_ns[:1]) / 1e9,
        decodable=np.concatenate([video.packets.decodable()[order[part]] for part, video in found.items()]),
        truncated=any(video.truncated for video in found.values()),
    )


def _packets_of(folder: Path, part: Part, handed: Sequence[PacketRow]) -> Demuxed:
    if part.recovered:
        return demux(folder / part.file)
    rows = [row for row in handed if row.part == part.number]
    pts_us = np.array([row.pts_us for row in rows], np.int64)
    return Demuxed(PacketTable(pts_us, pts_us, np.array([row.key_frame != 0 for row in rows], np.bool_)), truncated=False)


def _table(
    parts: list[VideoPart],
    frame_index: NDArray[np.int64],
    part: NDArray[np.int64],
    pts_us: NDArray[np.int64],
    time_s: NDArray[np.float64],
    decodable: NDArray[np.bool_],
    truncated: bool,
) -> FrameTable:
    return FrameTable(
        frame_index[decodable],
        part[decodable],
        pts_us[decodable],
        time_s[decodable],
        tuple(parts),
        left_out=int((~decodable).sum()),
        truncated=truncated,
    )
