"""What the uploader does at this moment, for the other processes: a small file that is renewed while something is being sent.

It is not synced to the disk: after a power cut nothing of it is true any more.
"""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path
from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt, ValidationError

from rig.upload.traffic import Traffic
from shared.clock import NANOSECONDS, Clock
from shared.documents import Document, SessionId

log = logging.getLogger(__name__)

ACTIVITY_NAME = "uploader-activity.json"
TELL_EVERY_S = 2.0
SAMPLES = 6
"""The rate is the mean of the last ten seconds."""


class UploadActivity(Document):
    """The uploader now. `rate_bytes_per_s` is of what was handed to the network; None while nothing is being sent."""

    active_session: SessionId | None = None
    rate_bytes_per_s: NonNegativeFloat | None = None
    cap_bytes_per_s: NonNegativeInt | None = None
    paused_because: Literal["recording"] | None = None


def read_activity(data_folder: Path) -> UploadActivity:
    """What was told last; of a running uploader it is seconds old."""
    try:
        return UploadActivity.read(data_folder / ACTIVITY_NAME)
    except FileNotFoundError:
        return UploadActivity()
    except (OSError, ValidationError) as error:
        log.warning("%s cannot be read: %s", ACTIVITY_NAME, error)
        return UploadActivity()


class ActivityTeller:
    """Tells what `traffic` does; `tell` is called every TELL_EVERY_S."""

    def __init__(self, data_folder: Path, traffic: Traffic, clock: Clock) -> None:
        self._path = data_folder / ACTIVITY_NAME
        self._traffic = traffic
        self._clock = clock
        self._samples: deque[tuple[int, int]] = deque(maxlen=SAMPLES)
        self._told: UploadActivity | None = None

    def tell(self) -> None:
        """Write the file when something has changed; raises OSError."""
        activity = self._now()
        if activity == self._told:
            return
        part = self._path.with_suffix(".part")
        part.write_text(activity.model_dump_json(), encoding="ascii")
        part.replace(self._path)
        self._told = activity

    def _now(self) -> UploadActivity:
        active, cap = self._traffic.active_session, self._traffic.allowed_bytes_per_s()
        if active is None:
            self._samples.clear()
        return UploadActivity(
            active_session=active,
            rate_bytes_per_s=self._rate() if active else None,
            cap_bytes_per_s=cap,
            paused_because="recording" if cap == 0 else None,
        )

    def _rate(self) -> float | None:
        self._samples.append((self._clock.monotonic_ns(), self._traffic.sent_bytes))
        (first_ns, first_bytes), (last_ns, last_bytes) = self._samples[0], self._samples[-1]
        return (last_bytes - first_bytes) * NANOSECONDS / (last_ns - first_ns) if last_ns > first_ns else None
