"""picamera2's encoders as the recorder needs them: a key frame on every whole second, and packets in the sensor's own time.

This module imports picamera2; it is imported when a camera is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from av import VideoFrame
from picamera2 import MappedArray
from picamera2.encoders import Encoder
from picamera2.encoders.h264_encoder import H264Encoder
from picamera2.outputs import Output

from rig.camera.backend import EncodedPacket, PacketSink
from rig.camera.encoder import SecondGrid, X264Encoder, longest_group
from rig.camera.picamera.mishaps import Mishaps
from rig.settings import CameraSettings

HARDWARE_ENCODER = Path("/sys/class/video4linux/video11/name")
"""picamera2 opens /dev/video11 and nothing else. Its own test is whether the machine is no Pi 5, which a desk is not either."""

HARDWARE_ENCODER_NAME = "bcm2835-codec-encode"


def has_hardware_encoder() -> bool:
    """Whether this is a Raspberry Pi up to the 4, whose H.264 encoder costs no processor time."""
    return HARDWARE_ENCODER.exists() and HARDWARE_ENCODER.read_text(encoding="ascii").strip() == HARDWARE_ENCODER_NAME


class SinkOutput(Output):
    """Hands packets on in absolute sensor time. It must return at once: a codec that gets rid of nothing stops the camera."""

    def __init__(self, encoder: Encoder, sink: PacketSink, mishaps: Mishaps) -> None:
        super().__init__()
        self._encoder = encoder
        self._sink = sink
        self._mishaps = mishaps

    def outputframe(
        self, frame: bytes, keyframe: bool = True, timestamp: int | None = None, packet: object = None, audio: bool = False
    ) -> None:
        with self._mishaps.caught():
            taken_us = self._encoder.firsttimestamp + timestamp
            self._sink.on_packet(EncodedPacket(bytes(frame), keyframe, taken_us))


class HardwareEncoder(H264Encoder):
    """The Pi 4's encoder, told to begin a group with the frame nearest to each whole second.

    Its own period counts encoded frames, and every frame that is lost would shift the grid.
    """

    def __init__(self, settings: CameraSettings, mishaps: Mishaps) -> None:
        super().__init__(
            bitrate=settings.bitrate_bps,
            repeat=True,
            iperiod=longest_group(settings.frame_rate),
            framerate=settings.frame_rate,
            enable_sps_framerate=True,
            profile="high",
        )
        self._grid = SecondGrid(settings.frame_rate)
        self._mishaps = mishaps

    def _encode(self, stream: str, request: Any) -> None:
        with self._mishaps.caught():
            if self._grid.takes(request.get_metadata()["SensorTimestamp"] // 1000):
                self.force_key_frame()
            super()._encode(stream, request)


class SoftwareEncoder(Encoder):
    """Our own encoder (`X264Encoder`) in picamera2's machinery: all rigs without the hardware record alike.

    picamera2's own `LibavH264Encoder` cannot force a key frame: it hands PyAV a text where that wants a number (0.3.38).
    """

    def __init__(self, settings: CameraSettings, mishaps: Mishaps) -> None:
        super().__init__()
        self._x264 = X264Encoder(settings.width_px, settings.height_px, settings.frame_rate, settings.bitrate_bps)
        self._mishaps = mishaps

    def _start(self) -> None:
        """The sink needs no announcement of the stream: every key frame carries its parameters."""

    def _encode(self, stream: str, request: Any) -> None:
        with self._mishaps.caught():
            since_first_us = self._timestamp(request)
            with MappedArray(request, stream, write=False) as mapped:
                frame = VideoFrame.from_numpy_buffer(mapped.array, format="yuv420p", width=self.width)
                packets = self._x264.encode(frame, self.firsttimestamp + since_first_us)
            self._hand_on(packets)

    def _stop(self) -> None:
        with self._mishaps.caught():
            self._hand_on(self._x264.finish())

    def _hand_on(self, packets: list[EncodedPacket]) -> None:
        for packet in packets:
            self.outputframe(packet.data, packet.key_frame, packet.sensor_us - self.firsttimestamp)
