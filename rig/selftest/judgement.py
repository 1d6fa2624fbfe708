"""Judges a recording: every aspect by a function of its own, from what the session folder holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rig.camera.backend import MICROSECONDS
from rig.camera.read_back import EXPOSURE_TOLERANCE_US, GAIN_TOLERANCE
from rig.recording.reserve import SPACE_FACTOR
from rig.selftest.report import Aspect, Finding
from shared.faults import (
    CAMERA_SETTINGS,
    DISK_STALLED,
    FACE_CHECK_DOWN,
    FAULTS,
    FRAMES_DROPPED,
    SESSION_TORN,
    Fault,
    Severity,
)
from shared.ledger import GAP_FRAMES, REPORTED_LOSS, FrameRow, PacketRow
from shared.manifest import CameraRecord, CheckStatus, SealState, SessionManifest

LENGTH_TOLERANCE_FRAMES = 3
"""The first frame of a recording is the first that the encoder gets, the last one the last before the planned end."""

STEADY_MS = 1.0
"""Sensors time frames to microseconds; a camera whose frames wander by more is timed by software."""

KEY_FRAME_FRAMES = 2
"""A key frame may come so many frames beside its second: frames on their way into the encoder are not called back."""

FAINTEST_BITRATE_SHARE = 0.01
"""Of the bitrate that was asked for; less is a picture with nothing in it: a lens cap, or the lights off."""

SLOWEST_SYNC_S = 3.0
"""The recorder stores twice a second; the red dot on the screen goes out after this long without."""

CHECKED_SHARE = 0.5
"""Of the face checks that were asked for: the others may be skipped under load."""


@dataclass(frozen=True)
class Evidence:
    """A sealed session, read back from the disk, and what was seen while it was recorded."""

    manifest: SessionManifest
    planned_s: float
    bitrate_bps: int
    frames: Sequence[FrameRow]
    packets: Sequence[PacketRow]
    face_checks: int
    face_rate_hz: float
    """0 when the face check is switched off."""
    video_bytes: int
    longest_sync_s: float


def judge(evidence: Evidence) -> tuple[Finding, ...]:
    """A finding on every aspect."""
    return tuple(judged(evidence) for judged in JUDGEMENTS)


def _ending(evidence: Evidence) -> Finding:
    manifest = evidence.manifest
    if manifest.state is SealState.SEALED and len(manifest.parts) == 1:
        return _passing(Aspect.ENDING, "The recording was closed and sealed in one piece.")
    return _unsound(
        Aspect.ENDING,
        CheckStatus.FAIL,
        f"The recording was interrupted: {manifest.state.value}, in {len(manifest.parts)} parts.",
        SESSION_TORN,
        "The rig's log says what ended it. Mend that and test again.",
    )


def _frames(evidence: Evidence) -> Finding:
    counts = evidence.manifest.counts
    planned = round(evidence.planned_s * evidence.manifest.camera.frame_rate)
    seen = f"{counts.written} of {counts.expected} frames were written, {planned} were planned."
    if abs(counts.expected - planned) > LENGTH_TOLERANCE_FRAMES:
        return _unsound(Aspect.FRAMES, CheckStatus.FAIL, seen, FRAMES_DROPPED)
    if counts.dropped:
        tolerable = counts.dropped <= REPORTED_LOSS * counts.expected
        return _unsound(Aspect.FRAMES, CheckStatus.WARN if tolerable else CheckStatus.FAIL, seen, FRAMES_DROPPED)
    return _passing(Aspect.FRAMES, seen)


def _times(evidence: Evidence) -> Finding:
    frame_ms = 1000 / evidence.manifest.camera.frame_rate
    steps_ms = [
        (after.sensor_ns - before.sensor_ns) / 1e6 for before, after in pairwise(evidence.frames) if before.part == after.part
    ]
    farthest_ms = max((abs(step - frame_ms) for step in steps_ms if step < GAP_FRAMES * frame_ms), default=0.0)
    seen = f"Frames come every {frame_ms:.3f} ms, {farthest_ms * 1000:.0f} us beside it at most."
    if any(step <= 0 for step in steps_ms):
        return _unsound(Aspect.TIMES, CheckStatus.FAIL, "The frames' times do not go up.", CAMERA_SETTINGS)
    if farthest_ms > STEADY_MS:
        return _unsound(
            Aspect.TIMES,
            CheckStatus.WARN,
            seen,
            CAMERA_SETTINGS,
            "A USB camera may do no better; the ledger has the true times. With any other, check cable and load, and test again.",
        )
    return _passing(Aspect.TIMES, seen)


def _key_frames(evidence: Evidence) -> Finding:
    near_us = round(KEY_FRAME_FRAMES * MICROSECONDS / evidence.manifest.camera.frame_rate)
    missing = []
    for part in evidence.manifest.parts:
        times_us = [packet.pts_us for packet in evidence.packets if packet.part == part.number]
        keys_us = [packet.pts_us for packet in evidence.packets if packet.part == part.number and packet.key_frame]
        seconds = range(0, max(times_us, default=0) - near_us + 1, MICROSECONDS)
        missing += [second for second in seconds if not any(abs(key - second) <= near_us for key in keys_us)]
    if missing and _encodes_itself(evidence.manifest.camera):
        seen = f"{len(missing)} seconds do not begin with a key frame: this camera's own encoder decides where they are."
        return Finding(aspect=Aspect.KEY_FRAMES, status=CheckStatus.NOT_CHECKED, seen=seen)
    if missing:
        return _unsound(
            Aspect.KEY_FRAMES,
            CheckStatus.FAIL,
            f"{len(missing)} seconds do not begin with a key frame, the first at {missing[0] // MICROSECONDS} s.",
            remedy="Restart the rig and test again. If this stays, send the self-test's folder to support.",
        )
    return _passing(Aspect.KEY_FRAMES, "Every second begins with a key frame.")


def _encodes_itself(camera: CameraRecord) -> bool:
    """Whether it may be a USB camera with an encoder; one that is not verified tells nothing of its format."""
    return camera.backend == "v4l2" and camera.read_back.get("format", "h264") == "h264"


def _exposure(evidence: Evidence) -> Finding:
    exposures = {row.exposure_us for row in evidence.frames}
    gains = {row.analogue_gain for row in evidence.frames}
    if exposures <= {0}:
        return Finding(aspect=Aspect.EXPOSURE, status=CheckStatus.NOT_CHECKED, seen="This camera does not tell its exposure.")
    steady = max(exposures) - min(exposures) <= EXPOSURE_TOLERANCE_US and max(gains) <= min(gains) * (1 + GAIN_TOLERANCE)
    if not steady:
        seen = f"Exposure went from {min(exposures)} to {max(exposures)} us, gain from {min(gains):.2f} to {max(gains):.2f}."
        return _unsound(Aspect.EXPOSURE, CheckStatus.FAIL, seen, CAMERA_SETTINGS)
    return _passing(Aspect.EXPOSURE, f"Exposure stayed at {max(exposures)} us and gain at {max(gains):.2f} in every frame.")


def _bitrate(evidence: Evidence) -> Finding:
    recorded_s = max(1, evidence.manifest.counts.expected) / evidence.manifest.camera.frame_rate
    bitrate_bps = evidence.video_bytes * 8 / recorded_s
    seen = f"The video has {bitrate_bps / 1e6:.1f} Mb/s; {evidence.bitrate_bps / 1e6:.1f} were asked for."
    if bitrate_bps > SPACE_FACTOR * evidence.bitrate_bps:
        remedy = "A disk may fill before a recording ends: light the chamber better (noise costs bits) or ask for more."
        return _unsound(Aspect.BITRATE, CheckStatus.WARN, seen, remedy=remedy)
    if bitrate_bps < FAINTEST_BITRATE_SHARE * evidence.bitrate_bps:
        remedy = "There is next to nothing in the picture: look at the lens, the lights and the preview."
        return _unsound(Aspect.BITRATE, CheckStatus.WARN, seen, remedy=remedy)
    return _passing(Aspect.BITRATE, seen)


def _disk(evidence: Evidence) -> Finding:
    seen = f"The disk stored the video every {evidence.longest_sync_s:.1f} s at the longest."
    if evidence.longest_sync_s > SLOWEST_SYNC_S:
        return _unsound(Aspect.DISK, CheckStatus.WARN, seen, DISK_STALLED)
    return _passing(Aspect.DISK, seen)


def _face_check(evidence: Evidence) -> Finding:
    if evidence.face_rate_hz == 0:
        return Finding(aspect=Aspect.FACE_CHECK, status=CheckStatus.NOT_CHECKED, seen="The face check is switched off.")
    asked = evidence.face_rate_hz * evidence.planned_s
    seen = f"The face was looked for {evidence.face_checks} times; {asked:.0f} were asked for."
    if evidence.face_checks < CHECKED_SHARE * asked:
        return _unsound(Aspect.FACE_CHECK, CheckStatus.WARN, seen, FACE_CHECK_DOWN)
    return _passing(Aspect.FACE_CHECK, seen)


def _faults(evidence: Evidence) -> Finding:
    """Every fault that was raised meanwhile; a fault that is unknown here is one all the same."""
    codes = sorted({record.code for record in evidence.manifest.faults})
    if not codes:
        return _passing(Aspect.FAULTS, "No fault was raised.")
    known = [FAULTS[code] for code in codes if code in FAULTS]
    harmless = len(known) == len(codes) and all(fault.severity is Severity.WARNING for fault in known)
    return _unsound(
        Aspect.FAULTS,
        CheckStatus.WARN if harmless else CheckStatus.FAIL,
        f"Raised meanwhile: {'; '.join(f'{fault.code}, {fault.text}' for fault in known) or ', '.join(codes)}.",
        remedy=" ".join(fault.remedy for fault in known),
    )


JUDGEMENTS: tuple[Callable[[Evidence], Finding], ...] = (
    _ending,
    _frames,
    _times,
    _key_frames,
    _exposure,
    _bitrate,
    _disk,
    _face_check,
    _faults,
)


def _passing(aspect: Aspect, seen: str) -> Finding:
    return Finding(aspect=aspect, status=CheckStatus.PASS, seen=seen)


def _unsound(aspect: Aspect, status: CheckStatus, seen: str, fault: Fault | None = None, remedy: str = "") -> Finding:
    """Without a remedy of its own, the fault's is shown."""
    code, usual = (fault.code, fault.remedy) if fault is not None else ("", "")
    return Finding(aspect=aspect, status=status, seen=seen, remedy=remedy or usual, fault_code=code)
