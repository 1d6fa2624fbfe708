"""The rig's camera over the real picamera2, whose libcamera is simulated: what it tells, and what becomes of every fault."""

from __future__ import annotations

import errno
import sys
import threading
import time

import av
import numpy as np
import pytest

from rig.camera.pattern import number_of
from rig.camera.picamera.camera import PicameraCamera
from rig.camera.read_back import mismatch
from rig.camera.simulated.faults import SimulatedFault
from rig.settings import PictureSettings
from shared.faults import GrimaceError
from tests.processes import until
from tests.rig.camera.filming import filming, needs_picamera2, settings_for

pytestmark = needs_picamera2

FRAME_US = 33_322
"""2197 lines of the IMX477's binned modes: the longest frame within 1/30 s."""


def test_every_packet_carries_its_frames_time_and_each_second_has_its_key_frame():
    with filming() as film:
        film.wait_for_packets(75)
        film.camera.stop_encoder()
        frames, packets = {frame.sensor_us for frame in film.heard.frames}, film.heard.packets
        assert all(packet.sensor_us in frames for packet in packets)
        key_us = [packet.sensor_us - packets[0].sensor_us for packet in packets if packet.key_frame]
        assert [round(us / 1e6) for us in key_us] == list(range(len(key_us)))
        assert all(abs(us - 1_000_000 * second) <= FRAME_US / 2 for second, us in enumerate(key_us))


def test_what_was_asked_for_is_read_back_and_kept():
    asked = {"exposure_us": 8333, "analogue_gain": 1.5, "red_gain": 2.6, "blue_gain": 1.8}
    with filming(picture=asked) as film:
        record = film.record
        film.wait_for_frames(1)
        assert mismatch(PictureSettings.model_validate(asked), film.heard.frames[-1]) == ""
    assert record.model == "imx477"
    assert record.asked["sensor_mode"] == record.read_back["sensor_mode"] == "2028x1080, 12 bit"
    assert 8333 - 16 < float(record.read_back["exposure_us"]) <= 8333, "whole lines of 15.2 us"
    assert (record.read_back["red_gain"], record.read_back["blue_gain"]) == (2.6, 1.8)
    assert record.tuning_sha256 is not None


def test_pictures_arrive_unharmed_through_padded_rows():
    with filming(width_px=160, height_px=90, source="pattern", bitrate_bps=300_000) as film:
        film.wait_for_packets(10)
        decoder = av.CodecContext.create("h264", "r")
        shown = [frame for packet in film.heard.packets[:10] for frame in decoder.decode(av.Packet(packet.data))]
        numbers = [number_of(frame.to_ndarray()[:90]) for frame in shown]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_small_frames_show_the_scene_five_times_a_second():
    with filming(width_px=640, height_px=360, source="pattern") as film:
        until(lambda: len(film.heard.small_frames) >= 3)
        first, second, _ = film.heard.small_frames[:3]
    assert (first.width_px, first.height_px, len(first.i420)) == (640, 360, 640 * 360 * 3 // 2)
    assert round((second.sensor_us - first.sensor_us) / FRAME_US) == 6
    numbers = [number_of(np.frombuffer(small.i420, np.uint8)[: 640 * 360].reshape(360, 640)) for small in (first, second)]
    assert numbers[1] - numbers[0] == 6


@pytest.mark.parametrize("fault", [SimulatedFault.DROP, SimulatedFault.ERROR])
def test_frames_that_do_not_arrive_or_arrive_spoilt_are_a_gap_in_sensor_time(fault):
    with filming() as film:
        film.wait_for_packets(5)
        film.order(fault, count=20)
        film.wait_for_packets(5)
        assert film.longest_gap_frames() >= 21
        assert film.heard.faults == []


@pytest.mark.parametrize("fault", [SimulatedFault.STALL, SimulatedFault.TIMEOUT])
def test_a_camera_that_falls_silent_can_be_closed_within_its_second(fault):
    with filming() as film:
        film.wait_for_packets(5)
        film.order(fault)
        time.sleep(0.2)
        told = len(film.heard.frames)
        time.sleep(0.3)
        assert len(film.heard.frames) == told
        began_s = time.monotonic()
        film.camera.close()
        assert time.monotonic() - began_s < 1.5


def test_a_camera_whose_thread_hangs_does_not_hold_up_its_closing():
    may_go_on = threading.Event()
    with filming() as film:
        film.heard.on_frame = lambda _: may_go_on.wait()
        time.sleep(0.2)
        began_s = time.monotonic()
        film.camera.close()
        took_s = time.monotonic() - began_s
        may_go_on.set()
        until(lambda: not any(thread.name == "stopping-camera" for thread in threading.enumerate()))
    assert took_s < 1.5


def test_a_machine_that_is_too_slow_loses_frames_and_recovers():
    with filming() as film:
        film.wait_for_packets(5)
        film.order(SimulatedFault.SLOW, count=15)
        until(lambda: film.longest_gap_frames() > 1)
        before = len(film.heard.packets)
        until(lambda: len(film.heard.packets) > before + 15)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (SimulatedFault.WRONG_EXPOSURE, "exposure 19989 us instead of 10000 us"),
        (SimulatedFault.WRONG_GAIN, "gain 2.99 instead of 2.00"),
        (SimulatedFault.WRONG_COLOUR, "red gain 2.40 instead of 2.00, blue gain 1.67 instead of 2.00"),
    ],
)
def test_a_picture_that_is_not_as_asked_is_read_back(fault, words):
    with filming() as film:
        film.wait_for_frames(1)
        film.order(fault)
        until(lambda: mismatch(PictureSettings(), film.heard.frames[-1]).startswith(words), within_s=5)


def test_a_frame_that_cannot_be_read_is_told_once_and_does_not_end_the_filming():
    with filming() as film:
        film.wait_for_packets(5)
        film.order(SimulatedFault.CALLBACK, count=5)
        until(lambda: film.heard.faults)
        film.wait_for_packets(10)
        unreadable = [frame for frame in film.heard.frames if frame.exposure_us == 0]
        assert len(unreadable) == 5, "they were delivered and encoded: the ledger must have them"
        assert {packet.sensor_us for packet in film.heard.packets} >= {frame.sensor_us for frame in unreadable}
        assert [code for code, _ in film.heard.faults] == ["W_CAM_CALLBACK"]


def test_a_listener_that_raises_does_not_end_the_filming():
    with filming() as film:

        def fail(_: object) -> None:
            raise ValueError("a mistake")

        film.heard.on_small_frame = fail
        until(lambda: film.heard.faults)
        film.wait_for_packets(10)
        assert film.heard.faults == [("W_CAM_CALLBACK", "ValueError: a mistake")]


def test_the_light_going_out_is_seen_and_can_be_called_off():
    def brightness(film) -> float:
        small = film.heard.small_frames[-1]
        return float(np.frombuffer(small.i420, np.uint8)[: small.width_px * small.height_px].mean())

    with filming(source="sample") as film:
        until(lambda: film.heard.small_frames)
        assert brightness(film) > 80
        film.order(SimulatedFault.DARK)
        until(lambda: brightness(film) < 30)


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({"sensor": {"width_px": 2000}}, "E_CAM_SETTINGS", "the sensor's mode is 2028x1080, 12 bit instead of 2000x1080, 12 bit"),
        ({"picture": {"tuning_file": "imx000.json"}}, "E_SETTINGS", "imx000.json: Tuning file not found"),
        ({"source": "/nowhere.mp4"}, "E_CAM_SOURCE", "/nowhere.mp4"),
    ],
)
def test_what_the_camera_cannot_do_is_refused_in_plain_words(asked, code, words):
    with pytest.raises(GrimaceError) as refused, filming(**asked):
        pass
    assert refused.value.fault.code == code
    assert words in refused.value.detail


def test_an_encoder_that_cannot_be_started_is_no_fault_of_the_disk(monkeypatch):
    """/dev/video11 may be in use, or refuse the bitrate."""

    def busy(*_: object, **__: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    with filming() as film:
        film.camera.stop_encoder()
        monkeypatch.setattr(film.camera._picam2, "start_encoder", busy)
        with pytest.raises(GrimaceError, match=r"E_ENC_STALLED.*cannot be started"):
            film.camera.start_encoder(film.heard)


def test_a_desk_without_picamera2_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(GrimaceError, match="make picamera"):
        PicameraCamera(settings_for(tmp_path).camera).open()
