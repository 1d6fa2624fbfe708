"""Records sessions in the test's own process, and reads what is in them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import av

from rig.camera.backend import FrameInfo, SmallFrame
from rig.camera.replay import ReplayCamera
from rig.recording.boxes import whole_bytes
from rig.recording.open_session import OpenPart, OpenSession, SessionFolder
from rig.recording.recorder import Recorder
from rig.recording.reserve import SpaceReserve
from rig.recording.video_file import VideoFile
from rig.settings import CameraSettings, ReplayFaults
from shared.clock import Clock, SystemClock, boot_id
from shared.detections import PART_OF_FAU, Part
from shared.documents import BuildReference
from shared.face_check import CHECKED_FAUS, FaceObservation, SeenPart
from shared.faults import Fault
from shared.grimace import Fau
from shared.ledger import FrameRow, read_rows
from shared.manifest import FRAMES_NAME, StudyMetadata

CLIP = Path(__file__).parents[1] / "media" / "chamber-short.mp4"

TINY = {"width_px": 160, "height_px": 90, "bitrate_bps": 300_000}
RESERVE_BYTES = 256 * 1024


def tiny_camera(**changes: object) -> CameraSettings:
    """A camera that films a small generated scene as fast as the machine can."""
    return CameraSettings.model_validate({**TINY, "paced": False, **changes})


def with_faults(**faults: object) -> CameraSettings:
    return tiny_camera(faults=ReplayFaults.model_validate(faults))


BUILD = BuildReference(name="synthetic-0", sha256="0" * 64)


def seen_in(sensor_us: int, *visible: Fau, confidence: float = 0.9) -> FaceObservation:
    """A check of the frame of that time: a face in the middle, and these units of it."""
    box = {"left": 0.25, "top": 0.25, "right": 0.75, "bottom": 0.5, "confidence": confidence}
    parts = [SeenPart(part=part, **box) for part in (Part.FACE, *(PART_OF_FAU[fau] for fau in visible))]
    return FaceObservation(
        sensor_ns=sensor_us * 1000, build=BUILD, parts=tuple(parts), visible=visible, sharpness=12.5, light=101.0
    )


class EachSecond:
    """Checks each 30th frame and tells of it three frames later; `hidden` units are not seen from the check of that number on."""

    def __init__(self, hidden_from: int = 10**9, *hidden: Fau) -> None:
        self._times: list[int] = []
        self._checks = count()
        self._hidden_from = hidden_from
        self._hidden = hidden

    def __call__(self, frame: FrameInfo) -> FaceObservation | None:
        self._times.append(frame.sensor_us)
        if len(self._times) % 30 != 4:
            return None
        hidden = self._hidden if next(self._checks) >= self._hidden_from else ()
        return seen_in(self._times[-4], *(fau for fau in CHECKED_FAUS if fau not in hidden))


@dataclass
class ToRecorder:
    """Tells a recorder of every frame, and of a check of every frame that `check` looks at."""

    recorder: Recorder
    check: Callable[[FrameInfo], FaceObservation | None] = lambda _: None

    def on_frame(self, frame: FrameInfo) -> None:
        self.recorder.on_frame(frame)
        if (seen := self.check(frame)) is not None:
            self.recorder.note_check(seen)

    def on_small_frame(self, frame: SmallFrame) -> None:
        """Nobody looks."""

    def on_fault(self, fault: Fault, detail: str) -> None:
        raise AssertionError(f"{fault.code}: {detail}")


@dataclass
class Bench:
    """Records sessions in this process, without sockets and watchdog."""

    data_folder: Path
    clock: Clock = field(default_factory=SystemClock)

    @property
    def sessions(self) -> Path:
        return self.data_folder / "sessions"

    def open_session(self, camera: ReplayCamera, seconds: float, **asked: object) -> tuple[SessionFolder, OpenSession]:
        self.sessions.mkdir(parents=True, exist_ok=True)
        session = OpenSession(
            session_id=str(uuid.uuid4()),
            rig_id="rig-1",
            software_version="0",
            boot_id=boot_id(),
            started_at=self.clock.now(),
            started_monotonic_ns=self.clock.monotonic_ns(),
            planned_s=seconds,
            study=StudyMetadata(),
            camera=camera.open(),
        ).model_copy(update=asked)
        return SessionFolder.create(self.sessions, session), session

    def record(
        self,
        settings: CameraSettings,
        seconds: float,
        while_recording: Callable[[Recorder], None] | None = None,
        check: Callable[[FrameInfo], FaceObservation | None] = lambda _: None,
        **asked: object,
    ) -> SessionFolder:
        """Record one part up to its planned end and close it; the session is not sealed."""
        camera = ReplayCamera(settings, self.clock)
        folder, session = self.open_session(camera, seconds, **asked)
        reserve = SpaceReserve(self.data_folder / "reserve", RESERVE_BYTES)
        reserve.fill()
        recorder = Recorder(folder, session, 1, reserve, self.clock)
        recorder.start()
        with camera:
            camera.start_encoder(recorder)  # before the first frame, so that every frame heard is one of the recording
            camera.start(ToRecorder(recorder, check))
            if while_recording is not None:
                while_recording(recorder)
            assert recorder.ended.wait(120)
            camera.stop_encoder()
        assert recorder.close(30)
        reserve.release()
        return folder


@dataclass(frozen=True)
class VideoPacket:
    pts_us: int
    key_frame: bool
    data: bytes


def packets_of(path: Path) -> list[VideoPacket]:
    """What a reader finds in a video."""
    with av.open(str(path)) as container:
        return [
            VideoPacket(round(packet.pts * packet.time_base * 1_000_000), packet.is_keyframe, bytes(packet))
            for packet in container.demux(video=0)
            if packet.size
        ]


def nal_units(sample: bytes) -> list[bytes]:
    """The NAL units of an MP4 sample: each behind its length in four bytes."""
    units, position = [], 0
    while position < len(sample):
        length = int.from_bytes(sample[position : position + 4], "big")
        units.append(sample[position + 4 : position + 4 + length])
        position += 4 + length
    return units


def decodable_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def ledger_of(folder: SessionFolder) -> list[FrameRow]:
    path = folder.present(FRAMES_NAME)
    assert path is not None
    return list(read_rows(path, FrameRow))


def tear(folder: SessionFolder, frames: int, frame_bytes_missing: int = 100) -> None:
    """Put a recorded session back to what a killed process leaves: an open part whose last fragment is torn."""
    session = folder.load()
    video = folder.finished("part-1.mp4")
    working = folder.working("part-1.mp4")
    with working.open("xb") as file:
        file.write(fragmented_copy(video, frames))
        file.truncate(file.tell() - frame_bytes_missing)
    video.unlink()
    part = session.parts[0]
    folder.save(session.with_part(OpenPart(number=part.number, first_sensor_ns=part.first_sensor_ns)))


def fragmented_copy(video: Path, frames: int) -> bytes:
    """The first frames of a video as plain fragments, as a recording is before it is closed."""
    packets = packets_of(video)[:frames]
    in_annex_b = [b"".join(b"\0\0\0\1" + unit for unit in nal_units(packet.data)) for packet in packets]
    copy = video.with_name("copy.mp4")
    target = VideoFile(copy, reserve=None, first_key_frame=in_annex_b[0], libavformat_version=(59, 0))  # type: ignore[arg-type] # no disk is full here
    for packet, data in zip(packets, in_annex_b, strict=True):
        target.write(data, packet.pts_us, 33_333, packet.key_frame)
    target.close()
    content = copy.read_bytes()[: whole_bytes(copy)]
    copy.unlink()
    return content
