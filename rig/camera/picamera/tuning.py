"""The sensor's tuning file, with the one algorithm off that would change the picture by itself."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.camera.picamera.library import picamera2_library
from shared.faults import SETTINGS_INVALID, GrimaceError

CONTRAST = "rpi.contrast"


@dataclass(frozen=True)
class Tuning:
    """The tuning that is used; the hash tells two recordings with different ones apart."""

    content: dict[str, Any]
    sha256: str


def load_tuning(name: str, folder: Path | None) -> Tuning:
    """libcamera's tuning file of that name, without adaptive contrast: it bends the tone curve after every frame's histogram.

    Fixed exposure and gains do not stop it (picamera2 issue 691). `folder` is where to look instead of libcamera's own folders.
    Raises GrimaceError(E_SETTINGS) when there is no such file.
    """
    library = picamera2_library()
    try:
        content: dict[str, Any] = library.Picamera2.load_tuning_file(name, dir=str(folder) if folder else None)
    except (RuntimeError, OSError, ValueError) as error:
        raise GrimaceError(SETTINGS_INVALID, f"camera.picture.tuning_file: {name}: {error}") from error
    with contextlib.suppress(KeyError, StopIteration):  # a tuning without this algorithm has nothing to switch off
        library.Picamera2.find_tuning_algo(content, CONTRAST)["ce_enable"] = 0
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return Tuning(content, hashlib.sha256(canonical).hexdigest())
