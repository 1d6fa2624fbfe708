"""The USB camera: its own H.264 where it has an encoder, else its pictures encoded here.

A camera's own encoder cannot be told when to make a key frame: such a recording begins at the next one that comes by itself, and
key frames are not on whole seconds.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

import av
import av.error
from av.codec.context import Flags
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from rig.camera.backend import MICROSECONDS, EncodedPacket, FrameInfo, FrameListener, PacketSink, RecordedSoFar
from rig.camera.encoder import X264Encoder
from rig.camera.encoding_orders import EncodingOrder, EncodingOrders
from rig.camera.small_pictures import PIXEL_FORMAT, SmallPictures
from rig.camera.v4l2.annex_b import ParameterSets
from rig.camera.v4l2.device import VideoDevice
from rig.camera.v4l2.picture import FixedPicture, PictureReading
from rig.settings import CameraSettings
from shared.faults import CAMERA_SOURCE, GrimaceError
from shared.manifest import CameraRecord

log = logging.getLogger(__name__)

READ_PICTURE_EVERY_US = MICROSECONDS
CLOSE_WAIT_S = 1.0


class Encoding(Protocol):
    """An order that is being carried out."""

    order: EncodingOrder

    def take(self, own: EncodedPacket | None, pictures: list[VideoFrame]) -> None:
        """A frame as the camera encoded it itself, if it did, and the pictures decoded of it."""

    def finish(self) -> None: ...


class Passthrough:
    """The camera's own packets; those before its next key frame, which may be seconds away, show that its encoder lives."""

    def __init__(self, order: EncodingOrder) -> None:
        self.order = order

    def take(self, own: EncodedPacket | None, pictures: list[VideoFrame]) -> None:  # noqa: ARG002 - nothing is encoded here
        if own is not None:
            self.order.sink.on_packet(own)

    def finish(self) -> None:
        self.order.ended.set()


class Transcoding:
    """The camera's pictures, encoded here."""

    def __init__(self, order: EncodingOrder, settings: CameraSettings) -> None:
        self.order = order
        self._encoder = X264Encoder(settings.width_px, settings.height_px, settings.frame_rate, settings.bitrate_bps)
        self._size = (settings.width_px, settings.height_px)
        self._reformatter = VideoReformatter()

    def take(self, own: EncodedPacket | None, pictures: list[VideoFrame]) -> None:  # noqa: ARG002 - only the pictures count
        for picture in pictures:
            fitted = self._reformatter.reformat(picture, *self._size, PIXEL_FORMAT)
            self._deliver(self._encoder.encode(fitted, picture.pts or 0))

    def finish(self) -> None:
        self._deliver(self._encoder.finish())
        self.order.ended.set()

    def _deliver(self, packets: list[EncodedPacket]) -> None:
        for packet in packets:
            self.order.sink.on_packet(packet)


class V4l2Camera:
    """A `CameraBackend` over a video device. One thread reads, decodes and encodes."""

    def __init__(self, settings: CameraSettings, device: VideoDevice) -> None:
        self._settings = settings
        self._device = device
        self._orders = EncodingOrders()
        self._closing = threading.Event()
        self._small = SmallPictures(settings.width_px, settings.height_px, settings.preview_rate_hz)
        self._parameter_sets = ParameterSets()
        self._listener: FrameListener | None = None
        self._picture: FixedPicture | None = None
        self._reading: PictureReading | None = None
        self._next_reading_us = 0
        self._encodes_itself = False
        self._thread = threading.Thread(target=self._film, name="v4l2-camera", daemon=True)

    def open(self) -> CameraRecord:
        model = self._device.open()
        asked = self._settings
        try:
            self._picture = FixedPicture(self._device.controls, asked.picture)
            self._picture.set()
            self._reading = self._picture.read()
        except OSError as error:
            self._device.close()
            raise GrimaceError(CAMERA_SOURCE, f"{model}: its controls cannot be set: {error}") from error
        codec = self._device.stream.codec_context
        codec.thread_count = 1
        codec.flags |= Flags.low_delay
        self._encodes_itself = codec.name == "h264"
        reading = self._reading
        return CameraRecord(
            backend=asked.backend,
            model=model,
            width_px=asked.width_px,
            height_px=asked.height_px,
            frame_rate=asked.frame_rate,
            asked={"device": asked.device, "bitrate_bps": asked.bitrate_bps, **asked.picture.model_dump()},
            read_back={}
            if reading is None
            else {"format": codec.name, "exposure_us": reading.exposure_us, "analogue_gain": reading.analogue_gain},
        )

    def start(self, listener: FrameListener) -> None:
        self._listener = listener
        self._thread.start()

    def start_encoder(self, sink: PacketSink, so_far: RecordedSoFar | None = None) -> None:
        """`so_far` does not matter: the camera's clock ran on."""
        self._orders.place(sink, so_far)

    def stop_encoder(self) -> None:
        self._orders.withdraw(self._thread)

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_WAIT_S)
        if not self._thread.is_alive():
            self._device.close()

    def _film(self) -> None:
        try:
            self._film_until_closed()
        except (OSError, av.error.FFmpegError):
            log.exception("the camera stopped filming")

    def _film_until_closed(self) -> None:
        encoding: Encoding | None = None
        for packet in self._device.packets():
            order = self._orders.current()
            if encoding is not None and encoding.order is not order:
                encoding.finish()
                encoding = None
            if self._closing.is_set():
                break
            if encoding is None and order is not None:
                encoding = Passthrough(order) if self._encodes_itself else Transcoding(order, self._settings)
            self._take(packet, encoding)
        if encoding is not None:
            encoding.finish()

    def _take(self, packet: av.Packet[VideoStream], encoding: Encoding | None) -> None:
        assert self._listener is not None, "the thread runs after start()"
        sensor_us = packet.pts or 0
        self._listener.on_frame(self._frame_info(sensor_us))
        own = self._parameter_sets.packet(bytes(packet), sensor_us) if self._encodes_itself else None
        pictures = self._decoded(packet)
        for picture in pictures:
            if self._small.is_due(picture.pts or 0):
                self._listener.on_small_frame(self._small.of(picture, picture.pts or 0))
        if encoding is not None:
            encoding.take(own, pictures)

    def _decoded(self, packet: av.Packet[VideoStream]) -> list[VideoFrame]:
        """Nothing of a damaged packet, which USB delivers now and then; a recording has a gap there, and the ledger tells it."""
        try:
            return self._device.stream.codec_context.decode(packet)
        except av.error.InvalidDataError:
            log.debug("a packet at %d us cannot be decoded", packet.pts or 0)
            return []

    def _frame_info(self, sensor_us: int) -> FrameInfo:
        if self._picture is not None and sensor_us >= self._next_reading_us:
            self._next_reading_us = sensor_us + READ_PICTURE_EVERY_US
            self._reading = self._picture.read()
        reading = self._reading
        return FrameInfo(
            sensor_us=sensor_us,
            exposure_us=reading.exposure_us if reading is not None else 0,
            analogue_gain=reading.analogue_gain if reading is not None else 1.0,
            digital_gain=1.0,
            frame_duration_us=round(MICROSECONDS / self._settings.frame_rate),
            lux=0.0,
            focus=0.0,
            sensor_temperature_c=0.0,
        )
