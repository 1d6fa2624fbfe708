"""The picamera2 camera: opened, verified against what was asked for, and then filming until it is let go."""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rig.camera.backend import FrameInfo, FrameListener, PacketSink, RecordedSoFar, SmallFrame
from rig.camera.picamera import configuration
from rig.camera.picamera.frames import frame_info, sensor_us, small_frame, unreadable_frame
from rig.camera.picamera.library import picamera2_library
from rig.camera.picamera.mishaps import Mishaps
from rig.camera.picamera.tuning import load_tuning
from rig.camera.read_back import mismatch
from rig.settings import CameraSettings
from shared.faults import CAMERA_SETTINGS, CAMERA_SOURCE, CAMERA_STALLED, ENCODER_STALLED, Fault, GrimaceError
from shared.manifest import CameraRecord

log = logging.getLogger(__name__)

FRAMES_TO_SETTLE = 30
"""With everything fixed the first frame should be right; a camera that is not after this many never will be."""

FIRST_FRAME_WITHIN_S = 5.0
STOP_WAIT_S = 5.0
CLOSE_WAIT_S = 1.0


class FirstFrames:
    """Listens while the camera is being opened."""

    def __init__(self) -> None:
        self._frames: queue.SimpleQueue[FrameInfo] = queue.SimpleQueue()

    def next(self) -> FrameInfo:
        """The next frame; raises GrimaceError(E_CAM_STALLED) when there is none."""
        try:
            return self._frames.get(timeout=FIRST_FRAME_WITHIN_S)
        except queue.Empty as error:
            raise GrimaceError(CAMERA_STALLED, f"no frame within {FIRST_FRAME_WITHIN_S:g} s of the start") from error

    def on_frame(self, frame: FrameInfo) -> None:
        self._frames.put(frame)

    def on_small_frame(self, frame: SmallFrame) -> None:
        """Not needed yet."""

    def on_fault(self, fault: Fault, detail: str) -> None:
        """Logged where it was met; a frame that cannot be read will not match either."""


class PicameraCamera:
    """A `CameraBackend` over picamera2. picamera2's thread calls `_on_request` for every frame, and then the encoder."""

    def __init__(self, settings: CameraSettings, tuning_folder: Path | None = None) -> None:
        self._settings = settings
        self._tuning_folder = tuning_folder
        self._small_every = max(1, round(settings.frame_rate / settings.preview_rate_hz))
        self._frames_seen = 0
        self._first_frames = FirstFrames()
        self._listener: FrameListener = self._first_frames
        self._mishaps = Mishaps(lambda fault, detail: self._listener.on_fault(fault, detail))
        self._picam2: Any = None
        self._encoder: Any = None

    def open(self) -> CameraRecord:
        library = picamera2_library()
        tuning = load_tuning(self._settings.picture.tuning_file, self._tuning_folder)
        number = configuration.choose_camera(library.Picamera2.global_camera_info())
        try:
            self._picam2 = library.Picamera2(number, tuning=tuning.content)
            self._configure()
            self._picam2.post_callback = self._on_request
            self._picam2.start()
            settled = self._settled_frame()
        except (RuntimeError, OSError) as error:
            self.close()
            raise GrimaceError(CAMERA_SOURCE, f"{error} ({error.__cause__})" if error.__cause__ else str(error)) from error
        except GrimaceError:
            self.close()
            raise
        asked = self._settings
        return CameraRecord(
            backend=asked.backend,
            model=self._picam2.camera_properties["Model"],
            width_px=asked.width_px,
            height_px=asked.height_px,
            frame_rate=asked.frame_rate,
            asked=configuration.asked(asked),
            read_back=self._read_back(settled),
            tuning_sha256=tuning.sha256,
        )

    def _configure(self) -> None:
        """picamera2 takes the nearest it can do and says nothing: compare. Raises GrimaceError(E_CAM_SETTINGS)."""
        wanted = configuration.video_configuration(self._settings)
        self._picam2.configure(self._picam2.create_video_configuration(**wanted))
        got = self._picam2.camera_configuration()
        if got["sensor"] != wanted["sensor"]:
            seen, asked = configuration.sensor_mode(got["sensor"]), configuration.sensor_mode(wanted["sensor"])
            raise GrimaceError(CAMERA_SETTINGS, f"the sensor's mode is {seen} instead of {asked}")
        for stream in ("main", "lores"):
            if got[stream]["size"] != wanted[stream]["size"]:
                raise GrimaceError(CAMERA_SETTINGS, f"pictures are {got[stream]['size']} instead of {wanted[stream]['size']} px")

    def _settled_frame(self) -> FrameInfo:
        """The first frame that is as asked, or the last one tried: the process watches the picture on, tells it, and refuses to
        record (`rig.camera.picture_watch`). Raises GrimaceError(E_CAM_STALLED).
        """
        frame = self._first_frames.next()
        for _ in range(FRAMES_TO_SETTLE):
            if not mismatch(self._settings.picture, frame):
                return frame
            frame = self._first_frames.next()
        log.error("%s (%s): %s", CAMERA_SETTINGS.text, CAMERA_SETTINGS.code, mismatch(self._settings.picture, frame))
        return frame

    def _read_back(self, frame: FrameInfo) -> dict[str, float | str]:
        red, blue = frame.colour_gains or (0.0, 0.0)
        return {
            "sensor_mode": configuration.sensor_mode(self._picam2.camera_configuration()["sensor"]),
            "exposure_us": frame.exposure_us,
            "analogue_gain": frame.analogue_gain,
            "digital_gain": frame.digital_gain,
            "red_gain": red,
            "blue_gain": blue,
            "frame_duration_us": frame.frame_duration_us,
        }

    def start(self, listener: FrameListener) -> None:
        """The camera films already; from now on somebody listens."""
        self._listener = listener

    def start_encoder(self, sink: PacketSink, so_far: RecordedSoFar | None = None) -> None:
        """`so_far` does not matter: the sensor's clock ran on. Raises GrimaceError(E_ENC_STALLED)."""
        from rig.camera.picamera.encoders import HardwareEncoder, SinkOutput, SoftwareEncoder, has_hardware_encoder

        self._mishaps.begin_anew()
        in_hardware = self._settings.backend == "picamera" and has_hardware_encoder()
        kind = HardwareEncoder if in_hardware else SoftwareEncoder
        encoder = kind(self._settings, self._mishaps)
        try:
            self._picam2.start_encoder(encoder, SinkOutput(encoder, sink, self._mishaps), name="main")
        except (RuntimeError, OSError) as error:
            raise GrimaceError(ENCODER_STALLED, f"it cannot be started: {error}") from error
        self._encoder = encoder

    def stop_encoder(self) -> None:
        encoder, self._encoder = self._encoder, None
        if encoder is not None and not _done_within(STOP_WAIT_S, lambda: self._picam2.stop_encoder(encoder)):
            log.error("the encoder did not stop within %g s", STOP_WAIT_S)

    def close(self) -> None:
        picam2, self._picam2 = self._picam2, None
        if picam2 is not None and not _done_within(CLOSE_WAIT_S, lambda: _let_go(picam2)):
            log.error("the camera hangs: it did not close within %g s", CLOSE_WAIT_S)
            atexit.unregister(picam2.close)  # it would hang there again, and with it the process

    # In picamera2's thread.

    def _on_request(self, request: Any) -> None:
        with self._mishaps.caught():
            metadata = request.get_metadata()
            try:
                frame = frame_info(metadata)
            except (KeyError, TypeError, ValueError):
                self._listener.on_frame(unreadable_frame(metadata))
                raise
            self._listener.on_frame(frame)
            self._frames_seen += 1
            if self._frames_seen % self._small_every == 0:
                self._listener.on_small_frame(self._small(request, sensor_us(metadata)))

    def _small(self, request: Any, taken_us: int) -> SmallFrame:
        layout = request.config["lores"]
        with picamera2_library().MappedArray(request, "lores", reshape=False, write=False) as mapped:
            return small_frame(taken_us, mapped.array, layout["size"], layout["stride"])


def _let_go(picam2: Any) -> None:
    """Whoever waits for a frame is told to give up first: a camera that hangs delivers none."""
    picam2.cancel_all_and_flush()
    with contextlib.suppress(RuntimeError):  # "already stopped": its own thread came first
        picam2.stop_encoder()
    picam2.close()


def _done_within(timeout_s: float, work: Callable[[], None]) -> bool:
    """Do it in a thread of its own, because it may never return; whether it did."""

    def attempt() -> None:
        try:
            work()
        except Exception:
            log.exception("while the camera was stopped")

    thread = threading.Thread(target=attempt, name="stopping-camera", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return not thread.is_alive()
