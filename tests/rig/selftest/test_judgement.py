"""What the self-test says of recordings with one thing wrong each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rig.selftest.judgement import Evidence, judge
from rig.selftest.report import Aspect, Finding, SelfTestReport
from shared.ledger import FrameRow, PacketRow
from shared.manifest import CameraRecord, CheckStatus, FaultRecord, FrameCounts, Part, SealState, SessionManifest, StudyMetadata

SECONDS = 10
FRAMES = 30 * SECONDS
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
SESSION_ID = "0" * 8 + "-0000-0000-0000-" + "0" * 12


def frame(index: int, exposure_us: int = 10_000, gain: float = 2.0, late_us: int = 0) -> FrameRow:
    sensor_ns = 5_000_000_000 + (index * 1_000_000 // 30 + late_us) * 1000
    return FrameRow(index, 1, sensor_ns, exposure_us, gain, 1.0, 33_333, 100.0, 500.0, 41.0)


def packet(index: int, key_frame: bool | None = None) -> PacketRow:
    return PacketRow(1, index * 1_000_000 // 30, 20_000, int(index % 30 == 0 if key_frame is None else key_frame))


def manifest(**changes: object) -> SessionManifest:
    content = {
        "session_id": SESSION_ID,
        "state": SealState.SEALED,
        "rig_id": "rig-1",
        "software_version": "0",
        "started_at": NOON,
        "ended_at": NOON,
        "study": StudyMetadata(),
        "camera": CameraRecord(backend="picamera", model="imx477", width_px=1920, height_px=1080, frame_rate=30.0),
        "parts": (Part(number=1, file="part-1.mp4", first_sensor_ns=5_000_000_000, frames_written=FRAMES),),
        "counts": counts(dropped=0),
        "files": (),
    }
    return SessionManifest.model_validate({**content, **changes})


def counts(dropped: int, expected: int = FRAMES) -> FrameCounts:
    return FrameCounts(expected=expected, captured=expected, written=expected - dropped, dropped=dropped)


def fault(code: str) -> FaultRecord:
    return FaultRecord(code=code, at=NOON)


GOOD = Evidence(
    manifest=manifest(),
    planned_s=SECONDS,
    bitrate_bps=8_000_000,
    frames=[frame(index) for index in range(FRAMES)],
    packets=[packet(index) for index in range(FRAMES)],
    face_checks=9,
    face_rate_hz=1.0,
    video_bytes=9_000_000,
    longest_sync_s=0.6,
)


def finding(evidence: Evidence, aspect: Aspect) -> Finding:
    return next(one for one in judge(evidence) if one.aspect is aspect)


def test_a_good_recording_passes_in_every_aspect_and_each_is_told():
    findings = judge(GOOD)
    assert [one.aspect for one in findings] == list(Aspect)
    assert {one.status for one in findings} == {CheckStatus.PASS}


@pytest.mark.parametrize(
    ("evidence", "aspect", "status", "said"),
    [
        (replace(GOOD, manifest=manifest(state=SealState.RECOVERED)), Aspect.ENDING, CheckStatus.FAIL, "recovered"),
        (replace(GOOD, manifest=manifest(counts=counts(dropped=2))), Aspect.FRAMES, CheckStatus.FAIL, "298 of 300"),
        (replace(GOOD, manifest=manifest(counts=counts(0, expected=290))), Aspect.FRAMES, CheckStatus.FAIL, "300 were planned"),
        (
            replace(GOOD, planned_s=100, manifest=manifest(counts=counts(dropped=3, expected=3000))),
            Aspect.FRAMES,
            CheckStatus.WARN,
            "2997 of 3000",
        ),
        (
            replace(GOOD, frames=[frame(n, late_us=4000 * (n == 50)) for n in range(FRAMES)]),
            Aspect.TIMES,
            CheckStatus.WARN,
            "4000 us",
        ),
        (replace(GOOD, frames=[frame(1), frame(0)]), Aspect.TIMES, CheckStatus.FAIL, "do not go up"),
        (
            replace(GOOD, packets=[packet(n, n % 30 == 0 and n != 120) for n in range(FRAMES)]),
            Aspect.KEY_FRAMES,
            CheckStatus.FAIL,
            "the first at 4 s",
        ),
        (
            replace(GOOD, frames=[frame(n, exposure_us=10_000 + 100 * (n > 200)) for n in range(FRAMES)]),
            Aspect.EXPOSURE,
            CheckStatus.FAIL,
            "from 10000 to 10100 us",
        ),
        (
            replace(GOOD, frames=[frame(n, gain=2.0 + 0.1 * (n > 200)) for n in range(FRAMES)]),
            Aspect.EXPOSURE,
            CheckStatus.FAIL,
            "2.10",
        ),
        (replace(GOOD, video_bytes=20_000_000), Aspect.BITRATE, CheckStatus.WARN, "16.0 Mb/s"),
        (replace(GOOD, video_bytes=50_000), Aspect.BITRATE, CheckStatus.WARN, "0.0 Mb/s"),
        (replace(GOOD, longest_sync_s=4.2), Aspect.DISK, CheckStatus.WARN, "4.2 s"),
        (replace(GOOD, face_checks=0), Aspect.FACE_CHECK, CheckStatus.WARN, "0 times"),
        (replace(GOOD, manifest=manifest(faults=(fault("W_CLOCK"),))), Aspect.FAULTS, CheckStatus.WARN, "W_CLOCK"),
        (replace(GOOD, manifest=manifest(faults=(fault("E_CAM_SETTINGS"),))), Aspect.FAULTS, CheckStatus.FAIL, "E_CAM_SETTINGS"),
        (replace(GOOD, manifest=manifest(faults=(fault("E_OF_TOMORROW"),))), Aspect.FAULTS, CheckStatus.FAIL, "E_OF_TOMORROW"),
    ],
    ids=[
        "recovered",
        "dropped",
        "too short",
        "one in a thousand",
        "unsteady",
        "backwards",
        "no key frame",
        "exposure",
        "gain",
        "large",
        "empty picture",
        "slow disk",
        "no face check",
        "a warning",
        "an error",
        "an unknown fault",
    ],
)
def test_what_is_wrong_is_found_and_told(evidence, aspect, status, said):
    found = finding(evidence, aspect)
    assert found.status is status
    assert said in found.seen


def test_a_key_frame_may_come_two_frames_beside_its_second_and_a_dropped_one_moves_nothing():
    shifted = [packet(index, index % 30 == 2 or index == 0) for index in range(FRAMES)]
    assert finding(replace(GOOD, packets=shifted), Aspect.KEY_FRAMES).status is CheckStatus.PASS


def test_where_a_usb_cameras_own_encoder_puts_its_key_frames_is_its_own_affair():
    camera = manifest().camera.model_copy(update={"backend": "v4l2", "read_back": {"format": "h264"}})
    packets = [packet(index, key_frame=index == 0) for index in range(FRAMES)]
    evidence = replace(GOOD, packets=packets, manifest=manifest(camera=camera))
    assert finding(evidence, Aspect.KEY_FRAMES).status is CheckStatus.NOT_CHECKED


def test_a_gap_is_counted_as_frames_and_not_as_unsteadiness():
    frames = [frame(index) for index in range(FRAMES) if index not in {100, 101}]
    assert finding(replace(GOOD, frames=frames), Aspect.TIMES).status is CheckStatus.PASS


def test_what_a_camera_or_the_settings_leave_out_is_not_checked():
    evidence = replace(GOOD, frames=[frame(n, exposure_us=0) for n in range(FRAMES)], face_rate_hz=0.0, face_checks=0)
    assert finding(evidence, Aspect.EXPOSURE).status is CheckStatus.NOT_CHECKED
    assert finding(evidence, Aspect.FACE_CHECK).status is CheckStatus.NOT_CHECKED


def test_the_verdict_is_the_worst_finding():
    def verdict(evidence: Evidence) -> CheckStatus:
        return SelfTestReport(session_id=SESSION_ID, folder=Path(), findings=judge(evidence)).status

    assert verdict(GOOD) is CheckStatus.PASS
    assert verdict(replace(GOOD, longest_sync_s=9)) is CheckStatus.WARN
    assert verdict(replace(GOOD, longest_sync_s=9, manifest=manifest(counts=counts(dropped=9)))) is CheckStatus.FAIL
