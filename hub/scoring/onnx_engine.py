"""The engine for builds made of ONNX networks: detector, face filter, one crop and one network per action unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.scoring.engine import FrameScore
from shared.builds import Build
from shared.detections import Detection, Face, Part, filter_face
from shared.faults import SUBJECT_TYPE_UNSUPPORTED, GrimaceError
from shared.grimace import Fau, subject_type
from shared.inference import FaceDetector, FauScorer, Image, ScoredFau, crop_for


class OnnxEngine:
    """Runs a build's networks over batches; the crops of one action unit go through its network together."""

    def __init__(self, build: Build, subject: str, threads: int = 1) -> None:
        """Load the networks the subject type needs.

        Raises GrimaceError with E_SUBJECT_TYPE when the build was not made for it, E_BUILD_INVALID when a network is missing.
        """
        if subject not in build.manifest.subject_types:
            raise GrimaceError(
                SUBJECT_TYPE_UNSUPPORTED, f"{build.name} scores {', '.join(build.manifest.subject_types)}, not {subject}"
            )
        self._thresholds = build.manifest.detector.thresholds
        self._detector = FaceDetector(build, threads)
        self._scorers = {fau: FauScorer(build, fau, threads) for fau in subject_type(subject).faus}

    def analyse(self, frames: Sequence[Image]) -> list[FrameScore]:
        """Score a batch of pictures; one outcome each, in their order."""
        detections = self._detector.detect(frames)
        faces = [filter_face(found, self._thresholds) for found in detections]
        scores: list[dict[Fau, ScoredFau]] = [{} for _ in frames]
        for fau, scorer in self._scorers.items():
            for row, scored in _score_unit(frames, faces, fau, scorer).items():
                scores[row][fau] = scored
        return [
            FrameScore(None if face is None else face.detection.confidence, of_frame, self._boxes(face, found))
            for face, of_frame, found in zip(faces, scores, detections, strict=True)
        ]

    def _boxes(self, face: Face | None, detections: Sequence[Detection]) -> tuple[Detection, ...]:
        bodies = [found for found in detections if found.part is Part.BODY and found.confidence >= self._thresholds[Part.BODY]]
        body = bodies[:1]  # the most confident comes first, and there is one animal
        if face is None:
            return tuple(body)
        return (*body, face.detection, *(found for parts in face.parts.values() for found in parts))


def _score_unit(frames: Sequence[Image], faces: Sequence[Face | None], fau: Fau, scorer: FauScorer) -> Mapping[int, ScoredFau]:
    """The unit's score in every frame of the batch that shows it."""
    crops: dict[int, Image] = {}
    for row, (frame, face) in enumerate(zip(frames, faces, strict=True)):
        crop = None if face is None else crop_for(frame, face, fau, scorer.crop_margin)
        if crop is not None:
            crops[row] = crop
    return dict(zip(crops, scorer.score(list(crops.values())), strict=True))
