"""Sealed session folders for tests: a real little video, its ledgers that balance, and a manifest that fits them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from shared.clock import NANOSECONDS_PER_US
from shared.hashing import sha256_of_file
from shared.ledger import FrameRow, PacketRow, header, line
from shared.manifest import (
    EVENTS_NAME,
    FRAMES_NAME,
    MANIFEST_NAME,
    PACKETS_NAME,
    CameraRecord,
    FileRecord,
    FrameCounts,
    Part,
    SealState,
    SessionManifest,
    StudyMetadata,
    video_name,
)

FRAME_RATE = 30
FIRST_SENSOR_NS = 5_000_000_000
MICROSECONDS = 1_000_000
RECORDED_AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def seal_session(
    sessions_folder: Path,
    *,
    frames: int = 30,
    size_px: int = 64,
    recorded_at: datetime = RECORDED_AT,
    study: str = "trial",
    animal: str = "m1",
) -> Path:
    """A sealed session's folder. Noise does not compress: `frames * size_px**2 * 1.5` is about the video's size in bytes."""
    session_id = str(uuid.uuid4())
    folder = sessions_folder / session_id
    folder.mkdir(parents=True)
    packets = _write_video(folder / video_name(1), frames, size_px)
    rows = [
        FrameRow(index, 1, FIRST_SENSOR_NS + packet.pts_us * NANOSECONDS_PER_US, 15000, 1.0, 1.0, 33333, 100.0, 500.0, 40.0)
        for index, packet in enumerate(packets)
    ]
    for name, kind, lines in ((FRAMES_NAME, FrameRow, rows), (PACKETS_NAME, PacketRow, packets)):
        (folder / name).write_text("\n".join([header(kind), *map(line, lines)]) + "\n", encoding="ascii")
    (folder / EVENTS_NAME).write_bytes(b"")
    names = (video_name(1), FRAMES_NAME, PACKETS_NAME, EVENTS_NAME)
    manifest = SessionManifest(
        session_id=session_id,
        state=SealState.SEALED,
        rig_id="rig-1",
        software_version="0",
        started_at=recorded_at,
        ended_at=recorded_at + timedelta(seconds=frames / FRAME_RATE),
        study=StudyMetadata(study=study, animal=animal),
        camera=CameraRecord(backend="replay", model="noise", width_px=size_px, height_px=size_px, frame_rate=FRAME_RATE),
        parts=(Part(number=1, file=video_name(1), first_sensor_ns=FIRST_SENSOR_NS, frames_written=frames),),
        counts=FrameCounts(expected=frames, captured=frames, written=frames, dropped=0),
        files=tuple(
            FileRecord(name=name, size_bytes=(folder / name).stat().st_size, sha256=sha256_of_file(folder / name))
            for name in names
        ),
    )
    manifest.write(folder / MANIFEST_NAME)
    return folder


def _write_video(path: Path, frames: int, size_px: int) -> list[PacketRow]:
    noise = np.random.default_rng(1)
    packets = []
    with av.open(str(path), "w", options={"video_track_timescale": str(MICROSECONDS)}) as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE)
        stream.width = stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, MICROSECONDS)
        stream.codec_context.gop_size = FRAME_RATE
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": "1"}
        for index in range(frames):
            picture = noise.integers(0, 256, (size_px, size_px, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index * MICROSECONDS // FRAME_RATE, stream.time_base
            packets += _mux(container, stream.encode(frame))
        packets += _mux(container, stream.encode(None))
    return packets


def _mux(container: av.container.OutputContainer, packets: list[av.Packet]) -> list[PacketRow]:
    rows = []
    for packet in packets:
        rows.append(PacketRow(1, int(packet.pts), packet.size, int(packet.is_keyframe)))
        container.mux(packet)
    return rows
