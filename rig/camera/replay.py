"""The replay camera: films a video file or a generated scene, and fails on request.

Paced, it is a camera in every respect that the recorder can see: its sensor's clock is CLOCK_MONOTONIC, it goes on filming while
nobody records, and a process that was killed finds the scene at its true position again. As fast as possible, its sensor's clock
runs ahead with the frames, and an interrupted session goes on after its last durable frame.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import av.error

from rig.camera.backend import MICROSECONDS, FrameInfo, FrameListener, PacketSink, RecordedSoFar
from rig.camera.encoder import X264Encoder
from rig.camera.encoding_orders import EncodingOrder, EncodingOrders
from rig.camera.small_pictures import SmallPictures
from rig.camera.sources import Scene, open_scene
from rig.settings import PATTERN_SOURCE, CameraSettings
from shared.clock import NANOSECONDS_PER_US, Clock
from shared.faults import GrimaceError
from shared.manifest import CameraRecord

log = logging.getLogger(__name__)

BUFFERED_FRAMES = 30
"""How far the paced camera may fall behind before it skips frames, as a sensor whose buffers are all taken does."""

CLOSE_WAIT_S = 1.0
ROOM_WAIT_S = 0.5


@dataclass
class Timeline:
    """The camera's frames in sensor time: frame n is taken n frame durations after the origin, in whole microseconds.

    Rounded down from the exact product, so that nothing drifts: at 30 frames/s, frame 30 is exactly one second after frame 0.
    """

    origin_us: int
    rate: Fraction
    next_number: int = 0

    def sensor_us(self, number: int) -> int:
        return self.origin_us + number * MICROSECONDS * self.rate.denominator // self.rate.numerator

    def number_at(self, sensor_us: int) -> int:
        """The last frame taken at or before that time."""
        return (((sensor_us - self.origin_us) + 1) * self.rate.numerator - 1) // (MICROSECONDS * self.rate.denominator)

    def take(self) -> int:
        """Count the next frame as taken; returns its number."""
        self.next_number += 1
        return self.next_number - 1


@dataclass(frozen=True)
class Encoding:
    """An order that is being carried out."""

    order: EncodingOrder
    encoder: X264Encoder

    def finish(self) -> None:
        for packet in self.encoder.finish():
            self.order.sink.on_packet(packet)
        self.order.ended.set()


class ReplayCamera:
    """A `CameraBackend` over a scene; see the module. One thread films and encodes."""

    def __init__(self, settings: CameraSettings, clock: Clock) -> None:
        self._settings = settings
        self._faults = settings.faults
        self._clock = clock
        self._rate = Fraction(settings.frame_rate).limit_denominator(1001)
        self._closing = threading.Event()
        self._orders = EncodingOrders()
        self._frames_encoded = 0
        self._small = SmallPictures(settings.width_px, settings.height_px, settings.preview_rate_hz)
        self._scene: Scene | None = None
        self._listener: FrameListener | None = None
        self._thread = threading.Thread(target=self._film, name="replay-camera", daemon=True)

    def open(self) -> CameraRecord:
        asked = self._settings
        self._scene = open_scene(asked.source, asked.width_px, asked.height_px, asked.frame_rate)
        return CameraRecord(
            backend=asked.backend,
            model="generated pattern" if asked.source == PATTERN_SOURCE else "video file",
            width_px=asked.width_px,
            height_px=asked.height_px,
            frame_rate=asked.frame_rate,
            asked={"bitrate_bps": asked.bitrate_bps, "paced": str(asked.paced).lower()},
        )

    def start(self, listener: FrameListener) -> None:
        self._listener = listener
        self._thread.start()

    def start_encoder(self, sink: PacketSink, so_far: RecordedSoFar | None = None) -> None:
        self._orders.place(sink, so_far)

    def stop_encoder(self) -> None:
        self._orders.withdraw(self._thread)

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_WAIT_S)
        if self._scene is not None and not self._thread.is_alive():
            self._scene.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _now_us(self) -> int:
        return self._clock.monotonic_ns() // NANOSECONDS_PER_US

    def _film(self) -> None:
        try:
            self._film_until_closed()
        except (GrimaceError, OSError, av.error.FFmpegError):
            log.exception("the camera stopped filming")

    def _film_until_closed(self) -> None:
        timeline = Timeline(self._now_us(), self._rate)
        encoding: Encoding | None = None
        while not self._closing.is_set():
            order = self._orders.current()
            if encoding is not None and encoding.order is not order:
                encoding.finish()
                encoding = None
                timeline = Timeline(self._now_us(), self._rate)
            if encoding is None and order is not None:
                encoding, timeline = self._begin(order)
            if self._wait_for_frame(timeline, encoding):
                self._take_frame(timeline, encoding)
        if encoding is not None:
            encoding.finish()

    def _begin(self, order: EncodingOrder) -> tuple[Encoding, Timeline]:
        asked = self._settings
        encoding = Encoding(order, X264Encoder(asked.width_px, asked.height_px, asked.frame_rate, asked.bitrate_bps))
        if order.so_far is None:
            return encoding, Timeline(self._now_us(), self._rate)
        timeline = Timeline(order.so_far.first_sensor_us, self._rate)
        resume_after_us = self._now_us() if asked.paced else order.so_far.last_sensor_us
        timeline.next_number = timeline.number_at(resume_after_us) + 1
        return encoding, timeline

    def _wait_for_frame(self, timeline: Timeline, encoding: Encoding | None) -> bool:
        """Wait for the next frame's time, or for room for it; False when there is no frame to take yet."""
        if encoding is not None and not self._settings.paced:
            return encoding.order.sink.wait_for_room(ROOM_WAIT_S)
        ahead_us = timeline.sensor_us(timeline.next_number) - self._now_us()
        if ahead_us > 0:
            return not self._closing.wait(ahead_us / MICROSECONDS)
        latest = timeline.number_at(self._now_us())
        if latest - timeline.next_number > BUFFERED_FRAMES:
            timeline.next_number = latest
        return True

    def _take_frame(self, timeline: Timeline, encoding: Encoding | None) -> None:
        number = timeline.take()
        if encoding is not None:
            self._hang_if_told_to()
            if number in self._faults.drop_frames:
                return
        sensor_us = timeline.sensor_us(number)
        assert self._listener is not None, "the thread runs after start()"
        self._listener.on_frame(self._frame_info(sensor_us))
        encoded = encoding is not None and number not in self._faults.lose_packets
        is_due = self._small.is_due(sensor_us)
        if not encoded and not is_due:
            return
        assert self._scene is not None, "the camera is open before it films"
        picture = self._scene.frame(number)
        if is_due:
            self._listener.on_small_frame(self._small.of(picture, sensor_us))
        if encoding is not None and encoded:
            for packet in encoding.encoder.encode(picture, sensor_us):
                encoding.order.sink.on_packet(packet)
            self._frames_encoded += 1

    def _hang_if_told_to(self) -> None:
        if self._faults.stall_after_frames is not None and self._frames_encoded >= self._faults.stall_after_frames:
            threading.Event().wait()

    def _frame_info(self, sensor_us: int) -> FrameInfo:
        """A picture that is already made has no exposure: those columns hold neutral values."""
        return FrameInfo(
            sensor_us=sensor_us,
            exposure_us=0,
            analogue_gain=1.0,
            digital_gain=1.0,
            frame_duration_us=round(MICROSECONDS / self._rate),
            lux=0.0,
            focus=0.0,
            sensor_temperature_c=0.0,
        )
