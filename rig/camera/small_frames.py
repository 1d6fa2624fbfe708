"""Small frames on their way from the camera process to preview and face check: only the newest counts, and nobody waits."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import zmq

from rig.camera.backend import SmallFrame
from rig.control import small_frames_address

HEADER = struct.Struct("<QHH")
"""Sensor time in us, width, height; the I420 samples follow."""


class SmallFrameSender:
    """The camera process's end. `send` never waits: a listener that is too slow misses frames."""

    def __init__(self, data_folder: Path) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, 2)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(small_frames_address(data_folder))

    def send(self, frame: SmallFrame) -> None:
        self._socket.send(HEADER.pack(frame.sensor_us, frame.width_px, frame.height_px) + frame.i420)

    def close(self) -> None:
        self._socket.close()


def small_frames(data_folder: Path, silent_after_s: float) -> Iterator[SmallFrame]:
    """The newest small frame each time one is asked for, until none comes for `silent_after_s`."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    with socket:
        socket.setsockopt(zmq.CONFLATE, 1)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, round(silent_after_s * 1000))
        socket.subscribe(b"")
        socket.connect(small_frames_address(data_folder))
        while True:
            try:
                content = socket.recv()
            except zmq.Again:
                return
            yield _unpacked(content)


def _unpacked(content: bytes) -> SmallFrame:
    sensor_us, width_px, height_px = HEADER.unpack_from(content)
    return SmallFrame(sensor_us, width_px, height_px, content[HEADER.size :])
