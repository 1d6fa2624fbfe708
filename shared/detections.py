"""What a detector found in a frame, and which of it counts: the face filter.

Classes are PainFace's (paper, Table 1): body, face, and the four action units of a black mouse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.geometry import Box
from shared.grimace import Fau


class Part(StrEnum):
    """A class of the detector."""

    BODY = "body"
    FACE = "face"
    ORBITAL = "orbital"
    NOSE = "nose"
    EARS = "ears"
    WHISKERS = "whiskers"


PART_OF_FAU: Mapping[Fau, Part] = {
    Fau.ORBITAL: Part.ORBITAL,
    Fau.NOSE: Part.NOSE,
    Fau.EARS: Part.EARS,
    Fau.WHISKERS: Part.WHISKERS,
    Fau.CHEEK: Part.FACE,  # no class of its own: a cheek is judged on the face
}


@dataclass(frozen=True, slots=True)
class Detection:
    """One box of a detector, in frame pixels, with the detector's confidence from 0 to 1."""

    part: Part
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Face:
    """The animal's face in a frame and the parts that belong to it; a part may have several boxes (two eyes, two ears)."""

    detection: Detection
    parts: Mapping[Part, tuple[Detection, ...]]

    def shows(self, fau: Fau) -> bool:
        """Whether the unit can be scored in this frame."""
        part = PART_OF_FAU[fau]
        return part is Part.FACE or bool(self.parts.get(part))

    def faus_visible(self) -> tuple[Fau, ...]:
        """The units with a detector class of their own that are visible, in PainFace's order."""
        return tuple(fau for fau in (Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS) if self.shows(fau))


FACE_MARGIN = 0.25
"""Whiskers and ears may end outside the face box: a part's centre must lie in the face grown by this share."""


def filter_face(detections: Iterable[Detection], thresholds: Mapping[Part, float]) -> Face | None:
    """Choose the face and the parts that belong to it.

    The most confident face above its threshold is the animal's (one animal a chamber). A part counts when it passes its own
    threshold and its centre lies on the face or just beside it: an eye-like hole in the wall or a second animal's ear does not.
    """
    passed = [found for found in detections if found.confidence >= thresholds[found.part] and found.box.area > 0]
    faces = [found for found in passed if found.part is Part.FACE]
    if not faces:
        return None
    face = max(faces, key=lambda found: found.confidence)
    near = face.box.grown(FACE_MARGIN)
    parts: dict[Part, tuple[Detection, ...]] = {}
    for part in (Part.ORBITAL, Part.NOSE, Part.EARS, Part.WHISKERS):
        parts[part] = tuple(found for found in passed if found.part is part and near.contains(found.box.centre))
    return Face(face, parts)
