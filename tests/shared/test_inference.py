"""The bundled networks at work on the sample clip."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.labelled_clip import LabelledFrame, labelled_frames
from shared.builds import Build, open_build, verify_build
from shared.detections import Detection, Face, Part, filter_face
from shared.faults import BUILD_INVALID, GrimaceError
from shared.geometry import Box
from shared.grimace import Fau
from shared.hashing import sha256_of_file
from shared.inference import FaceDetector, FauScorer, crop_for, crop_of

CLIP = Path(__file__).parent.parent / "media" / "chamber-short.mp4"


@pytest.fixture(scope="module")
def build() -> Build:
    return open_build("synthetic-2026.11")


@pytest.fixture(scope="module")
def detector(build: Build) -> FaceDetector:
    return FaceDetector(build)


@pytest.fixture(scope="module")
def frame() -> LabelledFrame:
    """A second at which all four units are visible."""
    return next(frame for frame in labelled_frames(CLIP) if frame.shows_all_faus)


def face_in(build: Build, found: tuple[Detection, ...]) -> Face:
    face = filter_face(found, build.manifest.detector.thresholds)
    assert face is not None
    return face


def test_the_detector_finds_the_face_where_the_label_says(build, detector, frame):
    face = face_in(build, detector.detect([frame.image])[0])
    assert face.detection.box.iou(frame.boxes[Part.FACE][0]) >= 0.5
    assert face.faus_visible() == (Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS)


def test_a_batch_finds_what_single_frames_find(detector, frame):
    images = [frame.image, np.ascontiguousarray(frame.image[:, ::-1]), np.zeros_like(frame.image)]
    together = detector.detect(images)
    for image, found in zip(images, together, strict=True):
        (alone,) = detector.detect([image])
        assert [d.part for d in found] == [d.part for d in alone]
        for one, other in zip(found, alone, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
            assert one.box.iou(other.box) == pytest.approx(1, abs=0.01)


def test_frames_of_different_sizes_share_a_batch(build, detector, frame):
    whole, half = detector.detect([frame.image, np.ascontiguousarray(frame.image[::2, ::2])])
    big, small = face_in(build, whole).detection.box, face_in(build, half).detection.box
    assert big.iou(Box(small.left * 2, small.top * 2, small.right * 2, small.bottom * 2)) > 0.8


def test_no_frames_give_no_detections(detector):
    assert detector.detect([]) == []


def test_a_black_frame_has_no_face(build, detector):
    (found,) = detector.detect([np.zeros((1080, 1920, 3), np.uint8)])
    assert filter_face(found, build.manifest.detector.thresholds) is None


@settings(max_examples=15, deadline=None)
@given(width=st.integers(40, 900), height=st.integers(40, 700), seed=st.integers(0, 99))
def test_boxes_lie_in_the_frame_whatever_its_size(detector, width, height, seed):
    image = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    for found in detector.detect([image])[0]:
        assert found.confidence >= 0.05
        assert 0 <= found.box.left < found.box.right <= width
        assert 0 <= found.box.top < found.box.bottom <= height


@pytest.mark.parametrize("fau", [Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS])
def test_a_scorer_gives_only_scores_of_the_scale_with_a_probability(build, detector, frame, fau):
    face = face_in(build, detector.detect([frame.image])[0])
    scorer = FauScorer(build, fau)
    crop = crop_for(frame.image, face, fau, scorer.crop_margin)
    assert crop is not None
    noise = np.random.default_rng(1).integers(0, 255, (40, 90, 3), dtype=np.uint8)
    allowed = build.manifest.scorers[fau].scores
    for scored in scorer.score([crop, noise]):
        assert scored.score in allowed
        assert 1 / len(allowed) - 1e-6 <= scored.confidence <= 1


def test_crops_are_scored_alike_alone_and_together(build, frame):
    scorer = FauScorer(build, Fau.EARS)
    crops = [frame.image[300:600, 700:1100], frame.image[400:500, 800:1000]]
    together = scorer.score(crops)
    for crop, scored in zip(crops, together, strict=True):
        (alone,) = scorer.score([crop])
        assert alone.score == scored.score
        assert alone.confidence == pytest.approx(scored.confidence, abs=1e-4)


def test_no_crops_give_no_scores(build):
    assert FauScorer(build, Fau.NOSE).score([]) == []


def test_a_unit_without_a_scorer_is_refused(build):
    with pytest.raises(GrimaceError) as caught:
        FauScorer(build, Fau.CHEEK)
    assert caught.value.fault is BUILD_INVALID


def test_a_file_that_is_no_network_is_refused_by_name(build, tmp_path):
    folder = tmp_path / build.name
    folder.mkdir()
    (folder / "detector.onnx").write_bytes(b"no network")
    manifest = build.folder.joinpath("build.toml").read_text().split("[scorers")[0]
    changed = manifest.replace(build.manifest.detector.sha256, sha256_of_file(folder / "detector.onnx"))
    (folder / "build.toml").write_text(changed)
    with pytest.raises(GrimaceError) as caught:
        FaceDetector(verify_build(folder))
    assert caught.value.fault is BUILD_INVALID
    assert "detector.onnx" in caught.value.detail


def picture() -> np.ndarray:
    """Each pixel holds its own place: red is x, green is y."""
    rows, columns = np.mgrid[:100, :200]
    return np.stack([columns, rows, np.zeros_like(rows)], -1).astype(np.uint8)


def test_of_two_eyes_the_more_confident_one_is_cut_out():
    left, right = Detection(Part.ORBITAL, Box(10, 20, 30, 40), 0.6), Detection(Part.ORBITAL, Box(60, 20, 80, 40), 0.8)
    face = Face(Detection(Part.FACE, Box(0, 0, 100, 100), 0.9), {Part.ORBITAL: (left, right)})
    crop = crop_for(picture(), face, Fau.ORBITAL, margin=0.0)
    assert crop is not None
    assert crop.shape == (20, 20, 3)
    assert crop[0, 0, :2].tolist() == [60, 20]


def test_a_unit_that_is_not_visible_has_no_crop():
    face = Face(Detection(Part.FACE, Box(0, 0, 100, 100), 0.9), {Part.ORBITAL: ()})
    assert crop_for(picture(), face, Fau.ORBITAL, margin=0.1) is None


def test_a_crop_has_its_margin_and_ends_at_the_frames_edge():
    crop = crop_of(picture(), Box(0, 50, 20, 90), margin=0.25)
    assert crop is not None
    assert crop.shape == (60, 25, 3)
    assert crop[0, 0, :2].tolist() == [0, 40]


def test_a_box_outside_the_frame_has_no_crop():
    assert crop_of(picture(), Box(300, 10, 340, 40), margin=0.1) is None
