"""Does a session's paperwork fit its videos: manifest, frame ledger and the packets that are really in the files."""

from __future__ import annotations

from pathlib import Path

from hub.scoring.video import demux
from shared.faults import LEDGER_MISMATCH, MANIFEST_MISMATCH, GrimaceError
from shared.ledger import FrameRow, LedgerError, PacketRow, read_rows, reconcile
from shared.manifest import FRAMES_NAME, PACKETS_NAME, Part, SessionManifest


def check_ledger(folder: Path, manifest: SessionManifest) -> None:
    """Balance a session folder; raises GrimaceError.

    E_MANIFEST: the manifest contradicts itself or names files that are not there. E_LEDGER: the ledgers cannot be read, or what
    they say was written is not what the videos hold. E_VIDEO_EMPTY, E_VIDEO_UNREADABLE: a part is no video.
    """
    _check_manifest(folder, manifest)
    try:
        frames = list(read_rows(folder / FRAMES_NAME, FrameRow))
        packets = list(read_rows(folder / PACKETS_NAME, PacketRow))
        in_videos = [row for part in manifest.parts for row in _packets_of(folder, part)]
        _check_packets(manifest, packets, in_videos)
        balance = reconcile(
            frames,
            in_videos,
            {part.number: part.first_sensor_ns for part in manifest.parts},
            round(1e9 / manifest.camera.frame_rate),
        )
    except (LedgerError, OSError) as error:
        raise GrimaceError(LEDGER_MISMATCH, str(error)) from error
    for what in ("captured", "written", "dropped", "expected"):
        found, stated = getattr(balance.counts, what), getattr(manifest.counts, what)
        if found != stated:
            raise GrimaceError(LEDGER_MISMATCH, f"the ledger shows {found} frames {what}, the manifest says {stated}")


def _check_manifest(folder: Path, manifest: SessionManifest) -> None:
    listed = {file.name for file in manifest.files}
    needed = {FRAMES_NAME, PACKETS_NAME, *(part.file for part in manifest.parts)}
    missing = sorted(name for name in needed if name not in listed or not (folder / name).is_file())
    if missing:
        raise GrimaceError(MANIFEST_MISMATCH, f"missing: {', '.join(missing)}")
    if [part.number for part in manifest.parts] != list(range(1, len(manifest.parts) + 1)):
        raise GrimaceError(MANIFEST_MISMATCH, "the parts are not numbered from 1 without a gap")
    counts = manifest.counts
    if counts.expected != counts.written + counts.dropped:
        raise GrimaceError(MANIFEST_MISMATCH, f"{counts.written} written and {counts.dropped} dropped are not {counts.expected}")
    if sum(part.frames_written for part in manifest.parts) != counts.written:
        raise GrimaceError(MANIFEST_MISMATCH, f"its parts do not add up to {counts.written} written frames")


def _packets_of(folder: Path, part: Part) -> list[PacketRow]:
    """The packets that a part's video really holds; their sizes are not needed."""
    packets = demux(folder / part.file).packets
    rows = zip(packets.pts_us.tolist(), packets.key.tolist(), strict=True)
    return [PacketRow(part.number, pts_us, 0, int(key)) for pts_us, key in rows]


def _check_packets(manifest: SessionManifest, ledger: list[PacketRow], in_videos: list[PacketRow]) -> None:
    """Every packet that was handed to a part must be in its video, and no other.

    A recovered part lost its end, or the end of its ledger: there the balance with the delivered frames must do.
    """
    for part in manifest.parts:
        found = sorted(row.pts_us for row in in_videos if row.part == part.number)
        if len(found) != part.frames_written:
            raise GrimaceError(LEDGER_MISMATCH, f"{part.file} holds {len(found)} frames, the manifest says {part.frames_written}")
        handed = sorted(row.pts_us for row in ledger if row.part == part.number)
        if found != handed and not part.recovered:
            raise GrimaceError(LEDGER_MISMATCH, f"{part.file} holds other frames than {PACKETS_NAME} lists")
