"""The simulated camera: an IMX477 that films a scene, paced by its own clock, and does not wait for anybody."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from rig.camera.simulated import sensor
from rig.camera.simulated.controls import ColorFilterArrangementEnum, ControlId, ControlInfo, controls
from rig.camera.simulated.faults import FaultBook, SimulatedFault
from rig.camera.simulated.geometry import Rectangle, Size
from rig.camera.simulated.optics import focus_measure, seen, store
from rig.camera.simulated.scene_reader import Picture, SceneReader
from rig.camera.simulated.shot import Shot, take_shot
from rig.camera.simulated.streams import CameraConfiguration, FrameMetadata, Request, Stream
from rig.camera.sources import Scene
from rig.settings import PictureSettings
from shared.clock import NANOSECONDS, NANOSECONDS_PER_US

log = logging.getLogger(__name__)

DEFAULTS: Mapping[ControlId, Any] = {
    controls.FrameDurationLimits: (33_333, 33_333),
    controls.ExposureTime: PictureSettings().exposure_us,
    controls.AnalogueGain: PictureSettings().analogue_gain,
    controls.ColourGains: (2.8, 1.9),
}
"""What the camera's automatics would settle at when nobody fixes anything."""


class Camera:
    """As libcamera's `Camera`. `completed` takes requests that are done, as the camera manager does."""

    id = "/base/soc/i2c0mux/i2c@1/imx477@1a"

    def __init__(self, open_scene: Callable[[], Scene], faults: FaultBook, completed: Callable[[Request], None]) -> None:
        self._open_scene = open_scene
        self._faults = faults
        self._completed = completed
        self._mode = sensor.BINNED_WIDE
        self._streams: list[Stream] = []
        self._asked: dict[ControlId, Any] = {}
        self._queue: deque[Request] = deque()
        self._stopping = threading.Event()
        self._reader: SceneReader | None = None
        self._thread: threading.Thread | None = None

    # What picamera2 calls.

    @property
    def controls(self) -> dict[ControlId, ControlInfo]:
        """What can be set, in the mode that is configured."""
        crop = Rectangle(*self._mode.crop)
        return {
            controls.AeEnable: ControlInfo(False, True, True),
            controls.AwbEnable: ControlInfo(False, True, True),
            controls.ExposureTime: ControlInfo(60, 694_422_939, 20_000),
            controls.ExposureTimeMode: ControlInfo(0, 1, 0),
            controls.AnalogueGain: ControlInfo(1.0, 22.26, 1.0),
            controls.AnalogueGainMode: ControlInfo(0, 1, 0),
            controls.ColourGains: ControlInfo(0.0, 32.0),
            controls.Brightness: ControlInfo(-1.0, 1.0, 0.0),
            controls.Contrast: ControlInfo(0.0, 32.0, 1.0),
            controls.Saturation: ControlInfo(0.0, 32.0, 1.0),
            controls.Sharpness: ControlInfo(0.0, 16.0, 1.0),
            controls.NoiseReductionMode: ControlInfo(0, 4, 0),
            controls.FrameDurationLimits: ControlInfo(self._mode.shortest_frame_us, 694_434_742, 33_333),
            controls.ScalerCrop: ControlInfo(Rectangle(0, 0, 64, 64), crop, crop),
        }

    @property
    def properties(self) -> dict[ControlId, Any]:
        return {
            ControlId("Model"): sensor.MODEL,
            ControlId("Location"): 2,
            ControlId("Rotation"): 180,
            ControlId("PixelArraySize"): Size(*sensor.ARRAY_PX),
            ControlId("ColorFilterArrangement"): ColorFilterArrangementEnum.RGGB,
        }

    def acquire(self) -> None:
        """Nobody else can hold it: it exists in this process only."""

    def release(self) -> None:
        """See `acquire`."""

    def generate_configuration(self, roles: Sequence[Enum]) -> CameraConfiguration:
        return CameraConfiguration(roles)

    def configure(self, configuration: CameraConfiguration) -> int:
        """0: it worked."""
        if configuration.sensor_config is not None:
            size = configuration.sensor_config.output_size
            self._mode = sensor.mode_of(size.width, size.height)
        self._streams = [part.stream for part in configuration]
        for part in configuration:
            part.stream.configuration = part
        return 0

    def create_request(self, cookie: int) -> Request:
        return Request(cookie)

    def queue_request(self, request: Request) -> None:
        self._queue.append(request)

    def start(self, asked: Mapping[ControlId, Any]) -> None:
        """Film; raises GrimaceError(E_CAM_SOURCE) when there is no scene."""
        self._asked = {**DEFAULTS, **asked}
        sizes = {(stream.configuration.size.width, stream.configuration.size.height) for stream in self._streams}
        self._reader = SceneReader(self._open_scene(), sorted(sizes))
        self._stopping.clear()
        self._thread = threading.Thread(target=self._film, args=(self._reader,), name="simulated-sensor", daemon=True)
        self._reader.start()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None and self._reader is not None:
            self._thread.join()
            self._reader.stop()
        self._cancel_queued()

    # The sensor's thread.

    def _film(self, reader: SceneReader) -> None:
        number, taken_ns = 0, float(time.monotonic_ns())
        while True:
            taken_ns += self._mode.frame_ns(self._asked[controls.FrameDurationLimits][1])
            if self._stopping.wait(max(0.0, (taken_ns - time.monotonic_ns()) / NANOSECONDS)):
                return
            picture = reader.picture(number)
            if picture is None:
                return
            self._take(picture, number, int(taken_ns) // NANOSECONDS_PER_US * NANOSECONDS_PER_US)
            number += 1

    def _take(self, picture: Picture, number: int, taken_ns: int) -> None:
        """One frame of the sensor: into a request, or lost when none is waiting."""
        if self._faults.befalls(SimulatedFault.STALL):
            return
        if self._faults.befalls(SimulatedFault.TIMEOUT):
            self._give_up_waiting()
        elif not self._faults.befalls(SimulatedFault.DROP) and self._queue:
            request = self._queue.popleft()
            self._asked |= request.controls
            self._fill(request, picture, number, take_shot(self._mode, self._asked, self._faults, taken_ns))
            self._completed(request)

    def _fill(self, request: Request, picture: Picture, number: int, shot: Shot) -> None:
        fails, is_slow = self._faults.befalls(SimulatedFault.ERROR), self._faults.befalls(SimulatedFault.SLOW)
        status = FrameMetadata.Status["Error" if fails else "Success"]
        focus = 0
        for stream, buffer in request.buffers.items():
            layout = stream.configuration
            planes = seen(picture[layout.size.width, layout.size.height], shot.view)
            store(planes, buffer.samples, layout.stride)
            buffer.metadata = FrameMetadata(status, number, shot.taken_ns)
            buffer.is_slow = is_slow
            focus = focus_measure(planes[0])
        request.metadata = shot.metadata(focus)
        request.status = Request.Status["Complete"]

    def _give_up_waiting(self) -> None:
        if self._queue:
            log.error("Camera frontend has timed out!")
        self._cancel_queued()

    def _cancel_queued(self) -> None:
        while self._queue:
            request = self._queue.popleft()
            request.status = Request.Status["Cancelled"]
            self._completed(request)


class CameraManager:
    """As libcamera's: knows the one camera, and wakes picamera2 through a file descriptor when a request is done."""

    _singleton: CameraManager | None = None

    def __init__(self, open_scene: Callable[[], Scene], faults: FaultBook) -> None:
        self.cameras = [Camera(open_scene, faults, self._take_completed)]
        self.event_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._ready: deque[Request] = deque()

    @classmethod
    def install(cls, manager: CameraManager) -> None:
        """Make it the one that `singleton` finds."""
        cls._singleton = manager

    @classmethod
    def singleton(cls) -> CameraManager:
        assert cls._singleton is not None, "installed before picamera2 is asked for a camera"
        return cls._singleton

    def get_ready_requests(self) -> list[Request]:
        try:
            os.eventfd_read(self.event_fd)
        except BlockingIOError:
            return []  # woken for nothing
        return [self._ready.popleft() for _ in range(len(self._ready))]

    def _take_completed(self, request: Request) -> None:
        self._ready.append(request)
        os.eventfd_write(self.event_fd, 1)
