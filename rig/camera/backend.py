"""What every camera can do: deliver frames with the sensor's time, and encode them into packets.

Two data types cross this boundary: `FrameInfo` for every frame that the sensor delivered, `EncodedPacket` for every one that
the encoder made of it. Both carry the sensor's time, so that their balance needs nobody's counter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.faults import Fault
from shared.manifest import CameraRecord

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """A frame that the sensor delivered. `sensor_us` is its CLOCK_MONOTONIC time; V4L2 stamps frames in whole microseconds."""

    sensor_us: int
    exposure_us: int
    analogue_gain: float
    digital_gain: float
    frame_duration_us: int
    lux: float
    focus: float
    sensor_temperature_c: float
    colour_gains: tuple[float, float] | None = None
    """Red and blue, read back; None from a camera that has none."""


@dataclass(frozen=True, slots=True)
class SmallFrame:
    """A frame scaled down for preview and checks: planar YUV 4:2:0 (I420) without padding, one byte a sample."""

    sensor_us: int
    width_px: int
    height_px: int
    i420: bytes


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One encoded frame: H.264 in Annex B form, with the parameter sets in front of every key frame."""

    data: bytes
    key_frame: bool
    sensor_us: int


@dataclass(frozen=True, slots=True)
class RecordedSoFar:
    """Where an interrupted session stands: what a simulated camera needs in order to go on at the right place."""

    first_sensor_us: int
    last_sensor_us: int


class FrameListener(Protocol):
    """Hears of every frame, in the camera's own thread: it must return at once and never do I/O."""

    def on_frame(self, frame: FrameInfo) -> None: ...

    def on_small_frame(self, frame: SmallFrame) -> None:
        """Some frames only, as many a second as `CameraSettings.preview_rate_hz` says; the camera films on if none is made."""

    def on_fault(self, fault: Fault, detail: str) -> None:
        """Something went wrong while a frame was handled; the camera films on. Told once for each kind of fault."""


class PacketSink(Protocol):
    """Takes packets, in the camera's own thread: it must return at once and never do I/O."""

    def on_packet(self, packet: EncodedPacket) -> None:
        """The recording begins with the first key frame; what comes before it only shows that the encoder works."""

    def wait_for_room(self, timeout_s: float) -> bool:
        """Whether another packet can be taken without losing one; a source that can wait, waits here. A camera cannot."""


class CameraBackend(Protocol):
    """A camera. It films from `start` to `close`; a session only starts and stops the encoder."""

    def open(self) -> CameraRecord:
        """Open and configure the camera.

        The record holds what a camera that tells of its picture said of the first frames. A picture that differs from what was
        asked for is no reason to fail: the process goes on watching it, tells it, and refuses to record (`picture_watch`).
        Raises GrimaceError: E_CAM_SOURCE when there is no camera, E_CAM_SETTINGS when it has no such mode.
        """

    def start(self, listener: FrameListener) -> None:
        """Film. The listener is called for every frame from now on."""

    def start_encoder(self, sink: PacketSink, so_far: RecordedSoFar | None = None) -> None:
        """Encode from the next frame on, which becomes a key frame; so does the frame nearest to every whole second after it.

        `so_far` is given when an interrupted session goes on. Raises GrimaceError when there is no encoder to be had.
        """

    def stop_encoder(self) -> None:
        """Returns when the sink has had its last packet."""

    def close(self) -> None:
        """Let the camera go; never waits longer than a second for a camera that hangs."""
