"""This rig's reference: a picture of the empty chamber, in focus and in its own light, that later ones are compared with.

It lies in `data_folder/reference`: `reference.json` is the one that counts; all that were ever taken are kept beside it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt, ValidationError

from rig.camera.states import Phase
from rig.control import CameraControl, PictureState
from rig.disk import fault_of
from rig.luma import Luma, mean_light, sharpness
from rig.preflight.pictures import CAMERA_ANSWERS_WITHIN_S, still_picture, watch_pictures
from rig.settings import RigSettings
from shared.clock import Clock
from shared.documents import Document, FileName, Sha256, UtcTime
from shared.durable import replacing, sync_directory
from shared.faults import CAMERA_STALLED, RECORDING_BUSY, GrimaceError
from shared.hashing import sha256_of_bytes

log = logging.getLogger(__name__)

REFERENCE_FOLDER = "reference"
CURRENT_NAME = "reference.json"

HOW_TO_TAKE_ONE = (
    "Take a reference picture of the empty chamber, lit and in focus,"
    " on the screen under settings or with `grimace-rig take-reference`."
)


class ReferenceNumbers(Document):
    """What was measured of the picture, and how it was taken."""

    schema_version: Literal[1] = 1
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
    folder = data_folder / REFERENCE_FOLDER
    try:
        numbers = ReferenceNumbers.read(folder / CURRENT_NAME)
        content = (folder / numbers.picture).read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("the reference picture cannot be read: %s", error)
        return None
    if sha256_of_bytes(content) != numbers.picture_sha256:
        log.warning("the reference picture %s is not what was taken", numbers.picture)
        return None
    luma = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert luma is not None, "the hash says that this is the PNG that was written"
    return Reference(numbers, luma.astype(np.uint8, copy=False))


def take_reference(settings: RigSettings, taken_by: str, clock: Clock) -> ReferenceNumbers:
    """Take the picture that the camera sees now (two seconds of it) as this rig's reference, durably; the ones before are kept.

    The chamber has to be empty, lit and in focus: nobody but the person who calls this can tell. Raises GrimaceError:
    E_RIG_DOWN without a camera process, E_CAM_STALLED when no pictures come, E_REC_BUSY during a recording,
    E_DISK_READ_ONLY, E_DISK_FULL or E_DISK_STALLED when it cannot be written.
    """
    state = CameraControl(settings.data_folder, CAMERA_ANSWERS_WITHIN_S).status()
    if state.phase is not Phase.IDLE:
        raise GrimaceError(RECORDING_BUSY, "a reference shows the empty chamber")
    pictures = watch_pictures(settings.data_folder)
    if not pictures:
        raise GrimaceError(CAMERA_STALLED, "no small pictures came")
    try:
        return store_reference(settings.data_folder, still_picture(pictures), state.picture, taken_by, clock.now())
    except OSError as error:
        raise GrimaceError(fault_of(error), f"the reference picture: {error.strerror}") from error


def store_reference(
    data_folder: Path, luma: Luma, picture: PictureState | None, taken_by: str, taken_at: datetime
) -> ReferenceNumbers:
    """Keep a picture as the reference that counts from now on; raises OSError, and the one before counts on then."""
    folder = data_folder / REFERENCE_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    sync_directory(data_folder)
    name = f"reference-{taken_at:%Y%m%dT%H%M%S}Z"
    content = cv2.imencode(".png", luma)[1].tobytes()
    numbers = ReferenceNumbers(
        taken_at=taken_at,
        taken_by=taken_by,
        picture=f"{name}.png",
        picture_sha256=sha256_of_bytes(content),
        width_px=luma.shape[1],
        height_px=luma.shape[0],
        light=mean_light(luma),
        sharpness=sharpness(luma),
        focus=picture.focus if picture is not None else 0.0,
        exposure_us=picture.exposure_us if picture is not None else 0,
        analogue_gain=picture.analogue_gain if picture is not None else 0.0,
    )
    with replacing(folder / numbers.picture) as file:
        file.write(content)
    numbers.write(folder / f"{name}.json")
    numbers.write(folder / CURRENT_NAME)
    return numbers
