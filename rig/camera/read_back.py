"""Whether the camera films with the picture settings that were asked for: what a frame says of itself against the settings.

A camera takes wishes and tells with each frame what it really did. Only a camera whose `CameraRecord.read_back` holds something
tells that; the others have no picture to verify.
"""

from __future__ import annotations

from rig.camera.backend import FrameInfo
from rig.settings import PictureSettings

EXPOSURE_TOLERANCE_US = 20
"""A sensor exposes whole lines: the IMX477's last 19 us or less in the modes that reach 30 frames/s."""

GAIN_TOLERANCE = 0.01
"""Sensors take gains in steps; the IMX477's are finer than 1 % up to a gain of 10 (its gain is 1024 / (1024 - n))."""

COLOUR_GAIN_TOLERANCE = 0.001
"""Colour gains are set exactly, and come back in single precision."""

DIGITAL_GAIN_TOLERANCE = 0.02
"""Digital gain makes up for the quantised exposure; more of it means that the sensor does not do what it was told."""


def mismatch(asked: PictureSettings, frame: FrameInfo) -> str:
    """In plain words what differs from what was asked for; empty when nothing does.

    Colour gains are compared only when the frame tells them.
    """
    found = []
    if abs(frame.exposure_us - asked.exposure_us) > EXPOSURE_TOLERANCE_US:
        found.append(f"exposure {frame.exposure_us} us instead of {asked.exposure_us} us")
    if _differ(frame.analogue_gain, asked.analogue_gain, GAIN_TOLERANCE):
        found.append(f"gain {frame.analogue_gain:.2f} instead of {asked.analogue_gain:.2f}")
    if frame.colour_gains is not None:
        for colour, seen, wanted in zip(("red", "blue"), frame.colour_gains, (asked.red_gain, asked.blue_gain), strict=True):
            if _differ(seen, wanted, COLOUR_GAIN_TOLERANCE):
                found.append(f"{colour} gain {seen:.2f} instead of {wanted:.2f}")
    if _differ(frame.digital_gain, 1.0, DIGITAL_GAIN_TOLERANCE):
        found.append(f"digital gain {frame.digital_gain:.2f} instead of 1.00")
    return ", ".join(found)


def _differ(seen: float, wanted: float, tolerance: float) -> bool:
    """`tolerance` is a share of what was wanted. A value that is not a number differs from every other."""
    return not abs(seen - wanted) <= tolerance * wanted
