"""The painter: the same seed gives the same mouse, and its labels say what is in the picture."""

import dataclasses

import numpy as np
import pytest

from models.synthetic.camera import rig_camera, rig_lighting
from models.synthetic.mouse import Detail
from models.synthetic.pose import Expression, Individual, Pose, random_expression, random_pose
from models.synthetic.still import Still, paint_still, random_still
from shared.detections import Part
from shared.grimace import Fau

ROUGH = Detail(0.10, 0.25, 2000, 1000)
SIZE = (320, 180)


def still_of(pose: Pose, seed: int = 3, detail: Detail = ROUGH) -> Still:
    return paint_still(seed, Individual(seed=7), pose, rig_camera(*SIZE), rig_lighting(), detail)


def parts_of(still: Still) -> set[Part]:
    return {labelled.part for labelled in still.labels.boxes}


@pytest.fixture(scope="module")
def facing() -> Still:
    return still_of(Pose())


def test_the_same_seed_paints_the_same_picture_and_labels():
    first, again = random_still(5, *SIZE, ROUGH), random_still(5, *SIZE, ROUGH)
    assert np.array_equal(first.image, again.image)
    assert first.labels == again.labels


def test_another_seed_paints_another_picture():
    assert not np.array_equal(random_still(5, *SIZE, ROUGH).image, random_still(6, *SIZE, ROUGH).image)


def test_more_hair_changes_neither_pose_nor_visible_units(facing):
    hairy = still_of(Pose(), detail=dataclasses.replace(ROUGH, head_hairs=4000, body_hairs=2000))
    assert not np.array_equal(hairy.image, facing.image)
    assert parts_of(hairy) == parts_of(facing)
    assert hairy.labels.box_of(Part.EARS) == facing.labels.box_of(Part.EARS)


def test_a_mouse_that_looks_at_the_camera_shows_every_unit(facing):
    assert facing.labels.head_turn_deg < 1
    assert set(facing.labels.scores) == {Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS}
    sides = [(labelled.part, labelled.side) for labelled in facing.labels.boxes if labelled.side]
    assert sorted(sides) == sorted((part, side) for part in (Part.ORBITAL, Part.EARS) for side in ("left", "right"))


def test_the_mouses_left_eye_is_on_the_right_of_the_picture(facing):
    left, right = (
        next(b.box for b in facing.labels.boxes if b.part is Part.ORBITAL and b.side == side) for side in ("left", "right")
    )
    assert left[0] > right[2]


def test_a_mouse_that_turns_away_has_a_body_but_no_face_and_no_scores():
    away = still_of(Pose(body_turn_deg=178))
    assert parts_of(away) == {Part.BODY}
    assert away.labels.scores == {}


def test_paws_over_the_nose_hide_it():
    grooming = still_of(Pose(grooming=1.0))
    assert Part.NOSE not in parts_of(grooming)
    assert Fau.NOSE not in grooming.labels.scores
    assert Part.ORBITAL in parts_of(grooming)


def test_a_black_mouse_is_darker_than_the_chamber_around_it(facing):
    body = facing.labels.box_of(Part.BODY)
    assert body is not None
    x, y = map(int, body.centre)
    assert facing.image[y, x].mean() < 0.5 * facing.image[5, 5].mean()


def test_labels_lie_in_the_picture(facing):
    for labelled in facing.labels.boxes:
        left, top, right, bottom = labelled.box
        assert 0 <= left < right <= SIZE[0]
        assert 0 <= top < bottom <= SIZE[1]


def test_a_tightened_eye_is_lower_than_an_open_one(facing):
    """The painted eye, not its label: bright highlight and dark ball give way to lid."""
    tight = still_of(Pose(expression=Expression(orbital=2.0)))
    assert tight.labels.scores[Fau.ORBITAL] == 2
    box = facing.labels.box_of(Part.ORBITAL)
    assert box is not None
    rows, columns = slice(int(box.top), int(box.bottom)), slice(int(box.left), int(box.right))
    assert tight.image[rows, columns].max() < facing.image[rows, columns].max()


@pytest.mark.parametrize(("strength", "score"), [(0.4, 0), (0.6, 1), (1.4, 1), (1.6, 2)])
def test_a_strength_counts_as_the_nearest_score(strength, score):
    assert Expression(ears=strength).scores[Fau.EARS] == score


@pytest.mark.parametrize(("strength", "score"), [(0.9, 0), (1.1, 2)])
def test_a_nose_is_never_scored_one(strength, score):
    assert Expression(nose=strength).scores[Fau.NOSE] == score


def test_random_mice_show_every_score_of_every_unit():
    seen = {(fau, score) for seed in range(60) for fau, score in random_expression(seed).scores.items()}
    assert len(seen) == 3 + 2 + 3 + 3


def test_most_random_mice_face_the_camera():
    turns = [abs(random_pose(seed).body_turn_deg) for seed in range(100)]
    assert 60 <= sum(turn <= 55 for turn in turns) <= 95
