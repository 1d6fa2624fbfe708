"""H.264 as a camera sends it: where its key frames are, and the parameter sets that belong in front of each of them."""

from __future__ import annotations

from collections.abc import Iterator

from rig.camera.backend import EncodedPacket

START_CODE = b"\0\0\1"
SLICE, IDR_SLICE, SPS, PPS = 1, 5, 7, 8
"""NAL unit types (ITU-T H.264, table 7-1)."""


def nal_units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and bytes, without its start code, of each unit of an Annex B stream, up to and with the first slice."""
    position = data.find(START_CODE)
    while position >= 0:
        begin = position + len(START_CODE)
        if begin >= len(data):
            return
        kind = data[begin] & 0x1F
        is_slice = SLICE <= kind <= IDR_SLICE
        position = -1 if is_slice else data.find(START_CODE, begin)
        end = position if position >= 0 else len(data)
        yield kind, data[begin:end].rstrip(b"\0") if not is_slice else data[begin:end]


class ParameterSets:
    """Remembers a stream's parameter sets: many cameras send them once, and a recording may begin at any key frame."""

    def __init__(self) -> None:
        self._units: dict[int, bytes] = {}

    def packet(self, data: bytes, sensor_us: int) -> EncodedPacket:
        """The camera's packet as the recorder wants it. Before the first parameter sets, no frame counts as a key frame."""
        found = dict(nal_units(data))
        self._units |= {kind: unit for kind, unit in found.items() if kind in {SPS, PPS}}
        key_frame = IDR_SLICE in found and {SPS, PPS} <= self._units.keys()
        if key_frame and not {SPS, PPS} <= found.keys():
            data = b"".join(b"\0" + START_CODE + self._units[kind] for kind in (SPS, PPS)) + data
        return EncodedPacket(data, key_frame, sensor_us)
