"""The face filter: which detections make up the animal's face."""

from shared.detections import Detection, Part, filter_face
from shared.geometry import Box
from shared.grimace import Fau

THRESHOLDS = dict.fromkeys(Part, 0.5)
FACE = Detection(Part.FACE, Box(100, 100, 300, 300), 0.9)


def part(kind: Part, x: float, y: float, confidence: float = 0.9, size: float = 20) -> Detection:
    return Detection(kind, Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2), confidence)


def test_without_a_face_nothing_counts():
    assert filter_face([part(Part.NOSE, 200, 200)], THRESHOLDS) is None


def test_a_face_below_its_threshold_is_none():
    assert filter_face([Detection(Part.FACE, FACE.box, 0.49)], THRESHOLDS) is None


def test_the_most_confident_face_is_the_animals():
    other = Detection(Part.FACE, Box(500, 500, 700, 700), 0.6)
    face = filter_face([other, FACE, part(Part.NOSE, 600, 600)], THRESHOLDS)
    assert face is not None
    assert face.detection == FACE
    assert not face.shows(Fau.NOSE)


def test_parts_on_the_face_count_and_parts_elsewhere_do_not():
    on_face, hole_in_the_wall = part(Part.ORBITAL, 150, 180), part(Part.ORBITAL, 900, 180)
    face = filter_face([FACE, on_face, hole_in_the_wall], THRESHOLDS)
    assert face is not None
    assert face.parts[Part.ORBITAL] == (on_face,)


def test_ears_and_whiskers_may_end_beside_the_face():
    ear = part(Part.EARS, 120, 60)
    face = filter_face([FACE, ear], THRESHOLDS)
    assert face is not None
    assert face.parts[Part.EARS] == (ear,)


def test_each_part_has_its_own_threshold():
    thresholds = {**THRESHOLDS, Part.WHISKERS: 0.2}
    face = filter_face([FACE, part(Part.WHISKERS, 200, 250, 0.3), part(Part.NOSE, 200, 250, 0.3)], thresholds)
    assert face is not None
    assert face.faus_visible() == (Fau.WHISKERS,)


def test_both_eyes_belong_to_one_face():
    face = filter_face([FACE, part(Part.ORBITAL, 150, 180), part(Part.ORBITAL, 250, 180)], THRESHOLDS)
    assert face is not None
    assert len(face.parts[Part.ORBITAL]) == 2
    assert face.faus_visible() == (Fau.ORBITAL,)


def test_a_box_without_area_is_no_detection():
    assert filter_face([Detection(Part.FACE, Box(10, 10, 10, 40), 0.9)], THRESHOLDS) is None


def test_a_cheek_is_judged_on_the_face():
    face = filter_face([FACE], THRESHOLDS)
    assert face is not None
    assert face.shows(Fau.CHEEK)
    assert face.faus_visible() == ()
