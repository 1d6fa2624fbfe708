"""What every scoring engine does: pictures in, scores out. A build says which engine runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.detections import Detection
from shared.grimace import Fau
from shared.inference import Image, ScoredFau


@dataclass(frozen=True)
class FrameScore:
    """What an engine made of one picture."""

    face_confidence: float | None
    """None when no face was found."""
    scores: Mapping[Fau, ScoredFau]
    """The action units that are visible; one that is not visible is not here, and never guessed."""
    boxes: tuple[Detection, ...]
    """The animal's face, the parts that belong to it, and its body."""


class Engine(Protocol):
    """Scores pictures with one build, for one subject type."""

    def analyse(self, frames: Sequence[Image]) -> list[FrameScore]:
        """Score a batch of pictures; one outcome each, in their order."""
