"""What an error of the disk means."""

from __future__ import annotations

import errno


def is_full(error: OSError) -> bool:
    """Whether there is no space left, on the disk or in the quota: giving up something else helps."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
