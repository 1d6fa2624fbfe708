"""What an error of the disk means."""

from __future__ import annotations

import errno

from shared.faults import DISK_FULL, DISK_READ_ONLY, DISK_STALLED, Fault


def is_full(error: OSError) -> bool:
    """Whether there is no space left, on the disk or in the quota: giving up something else helps."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def fault_of(error: OSError) -> Fault:
    """What a person is told of an error met while writing."""
    if is_full(error):
        return DISK_FULL
    return DISK_READ_ONLY if error.errno == errno.EROFS else DISK_STALLED
