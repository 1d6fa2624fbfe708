"""How the machine is: temperature, memory, disk, and for how long it can record."""

from __future__ import annotations

from pathlib import Path

import psutil

from rig.agent.snapshot import Health
from rig.processor import read_processor
from rig.recording.reserve import RESERVE_BYTES, space_needed_bytes
from rig.settings import RigSettings
from shared.clock import Clock

UPTIME = Path("proc/uptime")
MINUTE_S = 60


def read_health(settings: RigSettings, clock: Clock, root: Path = Path("/")) -> Health:
    """Look at the machine; what it tells of itself is read under `root`, the file system's root except in tests."""
    processor = read_processor(root)
    free_bytes = _free_bytes(settings.data_folder)
    return Health(
        cpu_temperature_c=processor.temperature_c,
        throttled_now=processor.throttled_now or (),
        throttled_since_boot=processor.throttled_since_boot or (),
        load_1m=psutil.getloadavg()[0],
        memory_free_bytes=psutil.virtual_memory().available,
        disk_free_bytes=free_bytes,
        record_minutes_left=minutes_left(free_bytes, settings.camera.bitrate_bps),
        uptime_s=float((root / UPTIME).read_text(encoding="ascii").split()[0]),
        clock_synchronised=clock.synchronised(),
    )


def minutes_left(free_bytes: int, bitrate_bps: int) -> float:
    """The longest recording that would be begun with so much free space."""
    per_minute = space_needed_bytes(MINUTE_S, bitrate_bps) - RESERVE_BYTES
    return max(0.0, (free_bytes - RESERVE_BYTES) / per_minute)


def _free_bytes(folder: Path) -> int:
    """0 of a folder that is not there: nothing can be recorded."""
    try:
        return psutil.disk_usage(str(folder)).free
    except OSError:
        return 0
