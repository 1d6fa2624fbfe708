"""This rig's reference: a picture of the empty chamber, in focus and in its own light, that later ones are compared with.

It lies in `data_folder/reference`: `reference.json` is the one that counts, `reference-TIME.json` and `.png` are all that were taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from rig.luma import Luma
from rig.settings import RigSettings
from shared.clock import Clock
from shared.documents import Document, FileName, Sha256, UtcTime

REFERENCE_FOLDER = "reference"


class ReferenceNumbers(Document):
    """What was measured of the picture, and how it was taken."""

    schema_version: int = 1
    taken_at: UtcTime
    taken_by: str
    picture: FileName
    picture_sha256: Sha256
    width_px: PositiveInt
    height_px: PositiveInt
    light: NonNegativeFloat
    """Mean luma, 0 to 255."""
    sharpness: NonNegativeFloat
    """Variance of the Laplacian, grey levels squared."""
    focus: NonNegativeFloat
    """The camera's own figure of merit; 0 from a camera that has none."""
    exposure_us: NonNegativeInt
    analogue_gain: NonNegativeFloat


@dataclass(frozen=True)
class Reference:
    """The reference that counts, with its picture."""

    numbers: ReferenceNumbers
    luma: Luma


def load_reference(data_folder: Path) -> Reference | None:
    """The reference that counts; None when none was taken, or when what there is cannot be read (the log says why)."""
    raise NotImplementedError


def take_reference(settings: RigSettings, taken_by: str, clock: Clock) -> ReferenceNumbers:
    """Take the picture that the camera sees now (two seconds of it) as this rig's reference, durably; the ones before are kept.

    The chamber has to be empty, lit and in focus: nobody but the person who calls this can tell. Raises GrimaceError:
    E_RIG_DOWN without a camera process, E_CAM_STALLED when no pictures come, E_REC_BUSY during a recording,
    E_DISK_READ_ONLY or E_DISK_FULL when it cannot be written.
    """
    raise NotImplementedError
