"""Labelled clips: a video with a JSON file beside it that says what is true at every whole second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from shared.detections import Part
from shared.geometry import Box
from shared.grimace import Fau

FAUS = (Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS)
"""The units of a black mouse, which all sample clips show."""


@dataclass(frozen=True)
class LabelledFrame:
    """A whole second of a clip: the picture (RGB), the boxes of each visible part, and the scores of the visible units."""

    second: int
    image: NDArray[np.uint8]
    boxes: Mapping[Part, tuple[Box, ...]]
    scores: Mapping[Fau, int]

    @property
    def shows_all_faus(self) -> bool:
        return len(self.scores) == len(FAUS)


class _LabelledBox(BaseModel):
    part: Part = Field(alias="class")
    box: tuple[float, float, float, float]


class _Label(BaseModel):
    frame: int
    second: int
    boxes: tuple[_LabelledBox, ...]
    scores: dict[Fau, int | None]


class _Labels(BaseModel):
    """What is used of `NAME.labels.json`; the file says more, for people."""

    labels: tuple[_Label, ...]


def labelled_frames(clip: Path) -> Iterator[LabelledFrame]:
    """The labelled frames of `NAME.mp4`, by `NAME.labels.json` beside it; raises OSError or pydantic's ValidationError."""
    labels = _Labels.model_validate_json(clip.with_suffix(".labels.json").read_bytes()).labels
    wanted = {label.frame: label for label in labels}
    with av.open(str(clip)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index in wanted:
                yield _labelled_frame(wanted[index], np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))


def _labelled_frame(label: _Label, image: NDArray[np.uint8]) -> LabelledFrame:
    parts = {labelled.part for labelled in label.boxes}
    boxes = {part: tuple(Box(*found.box) for found in label.boxes if found.part is part) for part in parts}
    scores = {fau: score for fau, score in label.scores.items() if score is not None}
    return LabelledFrame(label.second, image, boxes, scores)
