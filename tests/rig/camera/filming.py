"""The simulated camera in the test's own process, with somebody who listens."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from rig.camera.backend import EncodedPacket, FrameInfo, SmallFrame
from rig.camera.picamera.camera import PicameraCamera
from rig.camera.simulated.faults import SimulatedFault
from rig.camera.simulated.orders import FaultOrder, order_fault
from rig.settings import RigSettings
from shared.faults import Fault
from shared.manifest import CameraRecord
from tests.processes import until

SMALL = {"width_px": 320, "height_px": 180, "bitrate_bps": 500_000}

needs_picamera2 = pytest.mark.skipif(
    importlib.util.find_spec("picamera2") is None, reason="picamera2 is not installed: `make picamera`"
)


@dataclass
class Heard:
    """A listener and sink that keeps everything."""

    frames: list[FrameInfo] = field(default_factory=list)
    small_frames: list[SmallFrame] = field(default_factory=list)
    packets: list[EncodedPacket] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def on_frame(self, frame: FrameInfo) -> None:
        self.frames.append(frame)

    def on_small_frame(self, frame: SmallFrame) -> None:
        self.small_frames.append(frame)

    def on_fault(self, fault: Fault, detail: str) -> None:
        self.faults.append((fault.code, detail))

    def on_packet(self, packet: EncodedPacket) -> None:
        self.packets.append(packet)

    def wait_for_room(self, timeout_s: float) -> bool:
        return timeout_s > 0


@dataclass
class Filming:
    """A camera that films and encodes."""

    camera: PicameraCamera
    record: CameraRecord
    heard: Heard
    data_folder: Path

    def order(self, fault: SimulatedFault, count: int | None = None) -> None:
        order_fault(self.data_folder, FaultOrder(fault=fault, count=count))

    def wait_for_frames(self, more: int) -> None:
        goal = len(self.heard.frames) + more
        until(lambda: len(self.heard.frames) >= goal, every_s=0.01)

    def wait_for_packets(self, more: int) -> None:
        goal = len(self.heard.packets) + more
        until(lambda: len(self.heard.packets) >= goal, every_s=0.01)

    def longest_gap_frames(self) -> int:
        """The longest step between two frames that were delivered, in frame durations."""
        times = [frame.sensor_us for frame in self.heard.frames]
        return max(round((after - before) / 33_321) for before, after in pairwise(times))


def settings_for(folder: Path, **camera: object) -> RigSettings:
    content = {"rig_id": "rig-1", "data_folder": str(folder), "camera": {"backend": "sim", **SMALL, **camera}}
    return RigSettings.model_validate(content)


@contextmanager
def filming(**camera: object) -> Iterator[Filming]:
    """In a short path: local sockets have no room for pytest's long ones."""
    from rig.camera.simulated.backend import simulated_camera

    with tempfile.TemporaryDirectory(prefix="sim-") as folder:
        backend, heard = simulated_camera(settings_for(Path(folder), **camera)), Heard()
        try:
            record = backend.open()
            backend.start(heard)
            backend.start_encoder(heard)
            yield Filming(backend, record, heard, Path(folder))
            backend.stop_encoder()
        finally:
            backend.close()
