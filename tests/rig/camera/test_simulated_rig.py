"""`--camera sim` as people use it: real processes that record full HD, fail on request, and go on."""

from __future__ import annotations

import av
import pytest

from rig.camera.simulated.faults import SimulatedFault
from rig.camera.simulated.orders import FaultOrder, order_fault
from shared.ledger import FrameRow, PacketRow, read_rows
from shared.manifest import FRAMES_NAME, PACKETS_NAME, FrameCounts, StudyMetadata
from tests.rig.bench import nal_units, packets_of
from tests.rig.camera.filming import needs_picamera2
from tests.rig.rig_process import RigProcess

pytestmark = [needs_picamera2, pytest.mark.system]

RECORDED_S = 4.0
ATTEMPTS = 3
"""Recording in real time loses frames when the machine gives its processor to others for a fifth of a second."""

SEQUENCE_PARAMETER_SET = 7
SMALL = 'backend = "sim"\nsource = "sample"\nwidth_px = 320\nheight_px = 180\nbitrate_bps = 500000'


def record_full_hd(rig: RigProcess) -> tuple[str, FrameCounts]:
    """A session without a lost frame, or the last of three attempts."""
    for _ in range(ATTEMPTS):
        started = rig.control.start(RECORDED_S, StudyMetadata())
        finished = rig.wait_until_finished(started.recording.session_id)
        if finished.counts.dropped == 0:
            break
    return finished.session_id, finished.counts


def test_full_hd_is_recorded_without_a_lost_frame(rig_process):
    rig_process.configure('backend = "sim"\nsource = "sample"')
    rig_process.start("camera")
    session_id, counts = record_full_hd(rig_process)
    assert (counts.dropped, counts.written) == (0, counts.expected)
    folder, manifest = rig_process.session(session_id), rig_process.manifest(session_id)
    frames = list(read_rows(folder.path / FRAMES_NAME, FrameRow))
    found = packets_of(folder.path / "part-1.mp4")
    first_ns = manifest.parts[0].first_sensor_ns

    times_us = [(row.sensor_ns - first_ns) // 1000 for row in frames]
    assert [packet.pts_us for packet in found] == times_us == [row.pts_us for row in packet_rows(folder.path)]

    key_us = [packet.pts_us for packet in found if packet.key_frame]
    assert [round(us / 1e6) for us in key_us] == list(range(len(key_us)))
    assert all(abs(us - 1_000_000 * round(us / 1e6)) < 17_000 for us in key_us)

    in_band = next(unit for unit in nal_units(found[0].data) if unit[0] & 31 == SEQUENCE_PARAMETER_SET)
    with av.open(str(folder.path / "part-1.mp4")) as video:
        assert in_band in bytes(video.streams.video[0].codec_context.extradata), "players trust the header"

    assert manifest.camera.read_back["sensor_mode"] == "2028x1080, 12 bit"
    assert manifest.camera.tuning_sha256 is not None


def packet_rows(folder):
    return list(read_rows(folder / PACKETS_NAME, PacketRow))


def test_a_session_survives_what_befalls_its_frames_and_says_so(rig_process):
    rig_process.configure(SMALL)
    rig_process.start("camera")
    session_id = rig_process.control.start(60, StudyMetadata()).recording.session_id
    rig_process.wait_for_frames(15)
    for fault, count in ((SimulatedFault.DROP, 20), (SimulatedFault.CALLBACK, 2)):
        order_fault(rig_process.data_folder, FaultOrder(fault=fault, count=count))
        rig_process.wait_for_frames(rig_process.state().recording.part_frames_written + 30)
    rig_process.control.stop()
    finished = rig_process.wait_until_finished(session_id)
    manifest = rig_process.manifest(session_id)
    assert finished.outcome == "sealed"
    assert manifest.counts.dropped >= 20
    assert max(gap.frames_missing for gap in manifest.gaps) >= 20
    assert {"W_CAM_CALLBACK", "W_FRAMES_DROPPED"} <= {record.code for record in manifest.faults}
