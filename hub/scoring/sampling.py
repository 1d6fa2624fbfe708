"""Which frames of a session are analysed at a sampling rate.

The session is cut into intervals of 1/rate seconds from its first written frame on, and each interval gives its first frame. So
the instant k/rate is served by the frame taken at it or next after it, which is where the rigs put their key frames; a gap in the
recording gives no frame instead of the same one twice; and any rate, however low, gives the first frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HALF_MICROSECOND_S = 0.5e-6
"""Times are whole microseconds, so this only undoes the rounding of their fractions in binary."""

RATE_TOLERANCE = 0.002
"""A rate this close below the video's own takes every frame: no camera runs at exactly 30 frames/s."""


def sample(time_s: NDArray[np.float64], rate: float) -> NDArray[np.intp]:
    """Choose frames at `rate` frames/s (above 0).

    `time_s` are the frames' times in the session, rising, 0 for the first written frame. Returns the rows of the chosen frames,
    rising. A rate at or above the video's own (from the median distance of frames) chooses every frame.
    """
    if len(time_s) < 2 or rate >= (1 - RATE_TOLERANCE) / float(np.median(np.diff(time_s))):
        return np.arange(len(time_s))
    interval = np.floor((time_s + HALF_MICROSECOND_S) * rate)
    return np.flatnonzero(np.diff(interval, prepend=-1.0) > 0)
