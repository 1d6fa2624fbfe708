"""The USB camera, over a device whose packets come from a film: no camera is needed, and what only one can show is not shown."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.util import find_spec
from itertools import dropwhile

import av
import pytest

from rig.camera.backend import EncodedPacket, FrameInfo, SmallFrame
from rig.camera.pattern import Pattern, number_of
from rig.camera.read_back import mismatch
from rig.camera.v4l2 import controls
from rig.camera.v4l2.annex_b import ParameterSets, nal_units
from rig.camera.v4l2.camera import V4l2Camera
from rig.camera.v4l2.controls import ControlId, ControlRange
from rig.camera.v4l2.device import UsbCamera
from rig.camera.v4l2.picture import FixedPicture
from rig.settings import CameraSettings, PictureSettings
from shared.faults import Fault, GrimaceError
from tests.processes import until

SIZE = (320, 180)
FIRST_US = 7_000_000
FRAMES = 90
ASKED = PictureSettings(exposure_us=8_333, analogue_gain=4.0, mains_hz=60)
RANGES = {
    ControlId.EXPOSURE_AUTO: ControlRange(0, 3, 3),
    ControlId.EXPOSURE_ABSOLUTE: ControlRange(3, 2047, 250),
    ControlId.GAIN: ControlRange(0, 255, 0),
    ControlId.AUTO_WHITE_BALANCE: ControlRange(0, 1, 1),
    ControlId.WHITE_BALANCE_TEMPERATURE: ControlRange(2000, 6500, 4000),
    ControlId.POWER_LINE_FREQUENCY: ControlRange(0, 2, 2),
}
"""Those of a common webcam (Logitech C920)."""


class Panel:
    """The controls of a camera that takes values only in order: exposure must be manual before it can be set."""

    def __init__(self, ranges: dict[ControlId, ControlRange] = RANGES) -> None:
        self._ranges = ranges
        self.values = {control: limits.default for control, limits in ranges.items()}

    def range_of(self, control: ControlId) -> ControlRange | None:
        return self._ranges.get(control)

    def get(self, control: ControlId) -> int:
        return self.values[control]

    def set(self, control: ControlId, value: int) -> None:
        limits = self._ranges[control]
        if control is ControlId.EXPOSURE_ABSOLUTE and self.values[ControlId.EXPOSURE_AUTO] != 1:
            raise OSError(5, "Input/output error")
        if not limits.least <= value <= limits.most:
            raise OSError(34, "Numerical result out of range")
        self.values[control] = value


def filmed(codec: str) -> bytes:
    """A numbered film as a camera would send it: raw H.264, or MJPEG."""
    target = io.BytesIO()
    with av.open(target, "w", format="h264" if codec == "libx264" else "mjpeg") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p" if codec == "libx264" else "yuvj420p"
        if codec == "libx264":
            stream.codec_context.gop_size, stream.codec_context.max_b_frames = 30, 0
            stream.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "repeat-headers=1:scenecut=0"}
        pattern = Pattern(*SIZE)
        for number in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pattern.paint(number), format="yuv420p")))
        container.mux(stream.encode(None))
    return target.getvalue()


def with_headers_once(film: bytes) -> bytes:
    """The film of a camera that sends its parameter sets with the first frame only."""
    first, second, *rest = re.split(b"\0?\0\0\1", film)[1:]
    return b"".join(b"\0\0\0\1" + unit for unit in (first, second, *(unit for unit in rest if unit[0] & 0x1F not in {7, 8})))


class FilmDevice:
    """A `VideoDevice` that plays a film frame by frame, each as soon as `let_through` allows it."""

    def __init__(self, film: bytes, film_format: str) -> None:
        self._container = av.open(io.BytesIO(film), format=film_format)
        self.stream = self._container.streams.video[0]
        self.controls = Panel()
        self.allowed = threading.Semaphore(0)
        self.unplugged = False

    def open(self) -> str:
        return "film"

    def let_through(self, frames: int) -> None:
        self.allowed.release(frames)

    def packets(self) -> Iterator[av.Packet]:
        numbers = iter(range(FRAMES))
        for packet in self._container.demux(self.stream):
            if not packet.size:
                continue
            self.allowed.acquire()
            if self.unplugged:
                raise OSError(19, "No such device")
            packet.pts = packet.dts = FIRST_US + next(numbers) * 1_000_000 // 30
            packet.time_base = Fraction(1, 1_000_000)
            yield packet

    def close(self) -> None:
        self._container.close()


@dataclass
class Collected:
    """Listener and sink."""

    frames: list[FrameInfo] = field(default_factory=list)
    small: list[SmallFrame] = field(default_factory=list)
    packets: list[EncodedPacket] = field(default_factory=list)

    def on_frame(self, frame: FrameInfo) -> None:
        self.frames.append(frame)

    def on_small_frame(self, frame: SmallFrame) -> None:
        self.small.append(frame)

    def on_fault(self, fault: Fault, detail: str) -> None:
        raise AssertionError(f"{fault.code}: {detail}")

    def on_packet(self, packet: EncodedPacket) -> None:
        self.packets.append(packet)

    def wait_for_room(self, timeout_s: float) -> bool:
        return timeout_s > 0


def settings(**changes: object) -> CameraSettings:
    picture = {"backend": "v4l2", "width_px": SIZE[0], "height_px": SIZE[1], "preview_rate_hz": 10, "picture": ASKED}
    return CameraSettings.model_validate({**picture, **changes})


def film(device: FilmDevice, before_the_order: int = 0) -> Collected:
    """Play the whole film; the encoder is asked for after so many frames."""
    seen = Collected()
    camera = V4l2Camera(settings(), device)
    camera.open()
    camera.start(seen)
    if before_the_order:
        device.let_through(before_the_order)
    until(lambda: len(seen.frames) == before_the_order, every_s=0.005)
    camera.start_encoder(seen)
    device.let_through(FRAMES - before_the_order + 1)
    until(lambda: not camera._thread.is_alive(), every_s=0.005)
    camera.close()
    return seen


def numbers_in(packets: list[EncodedPacket]) -> list[int]:
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))]
    return [number_of(frame.to_ndarray()[: SIZE[1]]) for frame in [*frames, *decoder.decode(None)]]


def from_key_frame(packets: list[EncodedPacket]) -> list[EncodedPacket]:
    return list(dropwhile(lambda packet: not packet.key_frame, packets))


def test_the_cameras_own_h264_is_passed_on_and_can_be_decoded_from_its_next_key_frame():
    seen = film(FilmDevice(filmed("libx264"), "h264"), before_the_order=10)
    assert len(seen.frames) == FRAMES
    recorded = from_key_frame(seen.packets)
    assert [packet.sensor_us for packet in recorded] == [FIRST_US + n * 1_000_000 // 30 for n in range(30, FRAMES)]
    assert [packet.sensor_us - FIRST_US for packet in recorded if packet.key_frame] == [1_000_000, 2_000_000]
    assert numbers_in(recorded) == list(range(30, FRAMES))


def test_a_camera_whose_next_key_frame_is_far_away_is_not_taken_for_one_with_a_dead_encoder():
    """The watchdog gives an encoder two seconds; a USB camera's groups are often longer."""
    seen = film(FilmDevice(filmed("libx264"), "h264"), before_the_order=10)
    assert len([packet for packet in seen.packets if packet.sensor_us < FIRST_US + 1_000_000]) == pytest.approx(20, abs=1)


def test_a_camera_without_an_encoder_is_encoded_here():
    seen = film(FilmDevice(filmed("mjpeg"), "mjpeg"))
    assert numbers_in(seen.packets) == list(range(FRAMES))
    assert [packet.sensor_us - FIRST_US for packet in seen.packets if packet.key_frame] == [0, 1_000_000, 2_000_000]


@pytest.mark.parametrize(("codec", "film_format"), [("libx264", "h264"), ("mjpeg", "mjpeg")])
def test_small_frames_show_the_frame_of_their_time(codec, film_format):
    seen = film(FilmDevice(filmed(codec), film_format))
    assert len(seen.small) == pytest.approx(FRAMES / 30 * 10, abs=1)
    for frame in seen.small:
        luma = memoryview(frame.i420)[: SIZE[0] * SIZE[1]]
        picture = av.VideoFrame(*SIZE, "gray")
        picture.planes[0].update(luma) if picture.planes[0].line_size == SIZE[0] else pytest.skip("padded")
        assert number_of(picture.to_ndarray()) == round((frame.sensor_us - FIRST_US) * 30 / 1e6)


def test_parameter_sets_that_came_once_stand_in_front_of_every_key_frame():
    seen = film(FilmDevice(with_headers_once(filmed("libx264")), "h264"), before_the_order=10)
    recorded = from_key_frame(seen.packets)
    assert [unit for unit, _ in nal_units(recorded[0].data)][:2] == [7, 8]
    assert numbers_in(recorded) == list(range(30, FRAMES))


def test_before_any_parameter_sets_no_frame_can_begin_a_video():
    assert not ParameterSets().packet(b"\0\0\0\1\x65\x88", 0).key_frame


def test_a_damaged_packet_costs_its_own_frame():
    film_of = filmed("mjpeg")
    third = film_of.index(b"\xff\xd8", film_of.index(b"\xff\xd8", 2) + 2)
    damaged = film_of[:third] + b"\xff\xd8" + bytes(200) + film_of[third + 202 :]
    seen = film(FilmDevice(damaged, "mjpeg"))
    assert len(seen.frames) >= FRAMES - 1
    assert FRAMES - 2 <= len(seen.packets) < FRAMES


def test_everything_automatic_is_switched_off_and_the_values_are_set():
    panel = Panel()
    FixedPicture(panel, ASKED).set()
    assert panel.values == {
        ControlId.EXPOSURE_AUTO: 1,
        ControlId.EXPOSURE_ABSOLUTE: 83,
        ControlId.GAIN: round(255 * 3 / 21),
        ControlId.AUTO_WHITE_BALANCE: 0,
        ControlId.WHITE_BALANCE_TEMPERATURE: 4000,
        ControlId.POWER_LINE_FREQUENCY: 2,
    }


def test_what_the_controls_hold_is_read_back_with_the_frames_and_a_change_is_a_mismatch():
    device = FilmDevice(filmed("mjpeg"), "mjpeg")
    seen, camera = Collected(), V4l2Camera(settings(), device)
    assert camera.open().read_back == {"format": "mjpeg", "exposure_us": 8_333, "analogue_gain": 4.0}
    camera.start(seen)
    device.let_through(20)
    until(lambda: len(seen.frames) == 20)
    assert mismatch(ASKED, seen.frames[-1]) == ""
    device.controls.values[ControlId.EXPOSURE_ABSOLUTE] = 166
    device.let_through(30)
    until(lambda: len(seen.frames) == 50)
    assert mismatch(ASKED, seen.frames[-1]) == "exposure 16600 us instead of 8333 us"
    device.let_through(FRAMES)
    camera.close()


def test_a_camera_that_does_not_tell_its_gain_is_not_verified():
    without_gain = {control: limits for control, limits in RANGES.items() if control is not ControlId.GAIN}
    device = FilmDevice(filmed("mjpeg"), "mjpeg")
    device.controls = Panel(without_gain)
    assert V4l2Camera(settings(), device).open().read_back == {}


def test_an_unplugged_camera_falls_silent():
    """Silence is what the watchdog acts on."""
    device = FilmDevice(filmed("mjpeg"), "mjpeg")
    seen, camera = Collected(), V4l2Camera(settings(), device)
    camera.open()
    camera.start(seen)
    device.let_through(5)
    until(lambda: len(seen.frames) == 5)
    device.unplugged = True
    device.let_through(1)
    until(lambda: not camera._thread.is_alive())
    camera.close()


@pytest.mark.parametrize("path", ["/dev/video-none", "/dev/null"])
def test_what_is_no_camera_is_named(path):
    with pytest.raises(GrimaceError, match=f"E_CAM_SOURCE.*{path}"):
        UsbCamera(settings(device=path)).open()


@pytest.mark.skipif(find_spec("videodev2") is None, reason="videodev2 comes with picamera2: `make picamera`")
def test_requests_are_numbered_as_the_kernels_header_says():
    import videodev2

    for name in ("QUERYCAP", "ENUM_FMT", "G_CTRL", "S_CTRL", "QUERYCTRL"):
        assert getattr(controls, name) == getattr(videodev2, f"VIDIOC_{name}") & 0xFFFFFFFF
