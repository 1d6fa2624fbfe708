"""Is there a disk, a real one, that takes the recording: enough space, writable, quick enough?"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from rig.disk import fault_of
from rig.preflight.mounts import Mount, mount_of
from rig.preflight.report import CheckName, CheckResult, failing, not_checked, passing, warning
from rig.preflight.subject import Subject
from rig.recording.reserve import space_needed_bytes
from shared.faults import DATA_ON_OVERLAY, DISK_FULL, DISK_STALLED, Fault

PROBE_NAME = "disk-probe"
PROBE_BYTES = 2**20
"""What a second of video is at 8 Mb/s: the recorder syncs as much every second."""

SLOW_SYNC_S = 1.0
"""A disk that takes longer for a second's video than the second falls behind."""

CAMERAS_OF_RIGS = frozenset({"picamera", "v4l2"})
"""The others film nothing that would be lost: a desk or a container may well keep its data in memory."""


@dataclass(frozen=True)
class Probe:
    """A file written, synced and removed: how long the sync took, or why it failed."""

    sync_s: float = 0.0
    fault: Fault | None = None
    reason: str = ""


@dataclass(frozen=True)
class DiskSeen:
    mount: Mount | None
    free_bytes: int
    probe: Probe


def check(subject: Subject) -> CheckResult:
    settings = subject.settings
    needed_bytes = space_needed_bytes(subject.planned_s, settings.camera.bitrate_bps)
    backend: str = settings.camera.backend
    if subject.camera is not None and subject.camera.camera is not None:
        backend = subject.camera.camera.backend
    try:
        seen = look_at_disk(settings.data_folder, subject.machine_root)
    except OSError as error:
        seen_nothing = f"The data folder {settings.data_folder} cannot be looked at: {error.strerror}."
        return failing(CheckName.DISK, fault_of(error), seen_nothing, DATA_ON_OVERLAY.remedy)
    return judge(seen, needed_bytes, subject.planned_s, films_animals=backend in CAMERAS_OF_RIGS)


def look_at_disk(data_folder: Path, machine_root: Path) -> DiskSeen:
    """Raises OSError when the folder is not there at all."""
    folder = data_folder.resolve(strict=True)
    return DiskSeen(mount_of(folder, machine_root), shutil.disk_usage(folder).free, probe(folder))


def probe(folder: Path) -> Probe:
    """Try to write as the recorder does; nothing of it stays."""
    path = folder / PROBE_NAME
    try:
        return Probe(_timed_sync(path))
    except OSError as error:
        return Probe(fault=fault_of(error), reason=error.strerror or str(error))
    finally:
        with contextlib.suppress(OSError):  # a disk that cannot be written to was told already
            path.unlink(missing_ok=True)


def _timed_sync(path: Path) -> float:
    with path.open("wb") as file:
        file.write(os.urandom(PROBE_BYTES))
        file.flush()
        began = time.monotonic()
        os.fdatasync(file.fileno())
        return time.monotonic() - began


def judge(seen: DiskSeen, needed_bytes: int, planned_s: float, *, films_animals: bool) -> CheckResult:
    if seen.probe.fault is not None:
        return failing(CheckName.DISK, seen.probe.fault, f"Nothing can be written into the data folder: {seen.probe.reason}.")
    space = f"{_gb(seen.free_bytes)} free; {planned_s / 60:.0f} minutes need {_gb(needed_bytes)}"
    if films_animals and seen.mount is not None and seen.mount.is_memory:
        return failing(CheckName.DISK, DATA_ON_OVERLAY, f"The data folder lies in memory ({_what(seen.mount)}), not on a disk.")
    if seen.free_bytes < needed_bytes:
        return failing(CheckName.DISK, DISK_FULL, f"{space}.")
    if seen.probe.sync_s > SLOW_SYNC_S:
        return warning(
            CheckName.DISK,
            DISK_STALLED,
            f"The disk took {seen.probe.sync_s:.1f} s to store what it has to store every second.",
            "Let uploads and other programs finish, then check again; if this stays, replace the disk.",
        )
    speed = f"a second of video is stored in {seen.probe.sync_s * 1000:.0f} ms"
    if seen.mount is None or not seen.mount.is_disk:
        kind = "nobody knows what" if seen.mount is None else _what(seen.mount)
        return not_checked(
            CheckName.DISK, f"{space}, {speed}; but the data folder lies on {kind}, which need not outlast a power cut."
        )
    return passing(CheckName.DISK, f"{space} and {speed}.")


def _what(mount: Mount) -> str:
    return f"{mount.kind} at {mount.point}"


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
