"""picamera2, imported only when a camera needs it: a desk without it still replays videos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from shared.faults import CAMERA_SOURCE, GrimaceError

HOW_TO_INSTALL = "install it with `apt install python3-picamera2` on a Raspberry Pi, with `make picamera` elsewhere"


@contextmanager
def missing_explained() -> Iterator[None]:
    """Turn an ImportError into GrimaceError(E_CAM_SOURCE) that says how to get picamera2."""
    try:
        yield
    except ImportError as error:
        raise GrimaceError(CAMERA_SOURCE, f"picamera2 cannot be used ({error}); {HOW_TO_INSTALL}") from error


def picamera2_library() -> ModuleType:
    """The package `picamera2`; raises GrimaceError(E_CAM_SOURCE)."""
    with missing_explained():
        import picamera2
    library: ModuleType = picamera2
    return library
