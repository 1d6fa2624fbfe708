"""What a person at the chamber is told, and when."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.agent.snapshot import AdviceKind
from rig.face.advice import AdviceKeeper, AdviceLimits
from shared.detections import Part
from shared.documents import BuildReference
from shared.face_check import CHECKED_FAUS, FaceObservation, SeenPart
from shared.grimace import Fau

BUILD = BuildReference(name="a-build", sha256="0" * 64)
EARS_HIDDEN = (Fau.ORBITAL, Fau.NOSE, Fau.WHISKERS)
GOOD = {"sharpness": 400.0, "light": 100.0, "over_exposed": 0.0, "under_exposed": 0.0}


def seen(part):
    return SeenPart(part=part, left=0.2, top=0.2, right=0.6, bottom=0.8, confidence=0.9)


def face(visible=CHECKED_FAUS, **measures):
    return {"parts": (seen(Part.FACE), seen(Part.BODY)), "visible": visible, **GOOD, **measures}


BODY_ONLY = {"parts": (seen(Part.BODY),)}
NOTHING = {}


@dataclass
class Watched:
    """A keeper that is told of one check a second."""

    keeper: AdviceKeeper = field(default_factory=lambda: AdviceKeeper(0.0))
    now_s: float = 0.0

    def check(self, *shown, times=1):
        for each in shown * times:
            self.now_s += 1
            self.keeper.observe(self.now_s, FaceObservation(sensor_ns=round(self.now_s * 1e9), build=BUILD, **each))
        return self

    def wait(self, seconds):
        self.now_s += seconds
        return self

    @property
    def advice(self):
        return self.keeper.advice(self.now_s)

    @property
    def kinds(self):
        return [(each.kind, each.fau) if each.fau else each.kind for each in self.advice]


def test_a_face_that_shows_everything_needs_no_advice():
    assert Watched().check(face(), times=60).kinds == []


def test_a_unit_hidden_for_ten_seconds_is_told_with_the_time():
    watched = Watched().check(face(EARS_HIDDEN), times=10)
    assert watched.kinds == []
    (advice,) = watched.check(face(EARS_HIDDEN)).advice
    assert (advice.kind, advice.fau, advice.for_s) == (AdviceKind.FAU_HIDDEN, Fau.EARS, 10.0)


def test_a_unit_that_shows_now_and_then_is_not_hidden():
    assert Watched().check(face(EARS_HIDDEN), face(EARS_HIDDEN), face(), times=20).kinds == []


def test_a_single_check_that_misses_the_face_does_not_begin_the_ten_seconds_anew():
    hidden = face(EARS_HIDDEN)
    assert Watched().check(*[hidden] * 5, NOTHING, *[hidden] * 5).kinds == [(AdviceKind.FAU_HIDDEN, Fau.EARS)]


def test_advice_stays_when_a_single_check_contradicts_it():
    watched = Watched().check(face(EARS_HIDDEN), times=15)
    assert watched.check(face()).kinds == [(AdviceKind.FAU_HIDDEN, Fau.EARS)]
    assert watched.check(face(EARS_HIDDEN)).kinds == [(AdviceKind.FAU_HIDDEN, Fau.EARS)]


def test_advice_goes_when_it_has_not_been_so_for_three_seconds():
    watched = Watched().check(face(EARS_HIDDEN), times=15)
    assert watched.check(face(), times=2).kinds != []
    assert watched.check(face()).kinds == []


def test_an_animal_that_faces_away_is_told_from_an_empty_chamber():
    assert Watched().check(BODY_ONLY, times=11).kinds == [AdviceKind.FACING_AWAY]
    assert Watched().check(NOTHING, times=11).kinds == [AdviceKind.NO_FACE]


def test_an_animal_that_is_found_in_every_other_check_only_faces_away():
    assert Watched().check(BODY_ONLY, NOTHING, times=10).kinds == [AdviceKind.FACING_AWAY]


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (face(light=22.0), AdviceKind.TOO_DARK),
        (face(over_exposed=0.4), AdviceKind.TOO_BRIGHT),
        (face(sharpness=3.0), AdviceKind.BLURRED),
    ],
)
def test_bad_pictures_of_the_face_are_told(shown, kind):
    assert Watched().check(shown, times=11).kinds == [kind]


def test_a_dark_picture_is_not_called_blurred():
    """A quarter of the light has a sixteenth of the contrast, squared: both are as sharp (docs/face-check-accuracy.md)."""
    assert Watched().check(face(light=42.0, sharpness=60.0), times=11).kinds == []
    assert Watched().check(face(light=22.0, sharpness=0.01), times=11).kinds == [AdviceKind.TOO_DARK]


def test_at_most_two_pieces_are_told_and_what_a_person_can_mend_comes_first():
    everything_wrong = face((), light=22.0)
    assert Watched().check(everything_wrong, times=20).kinds == [AdviceKind.TOO_DARK, (AdviceKind.FAU_HIDDEN, Fau.ORBITAL)]


def test_of_hidden_units_the_longest_hidden_comes_first():
    watched = Watched().check(face((Fau.ORBITAL, Fau.NOSE, Fau.EARS)), times=5).check(face((Fau.NOSE,)), times=11)
    assert watched.kinds == [(AdviceKind.FAU_HIDDEN, Fau.WHISKERS), (AdviceKind.FAU_HIDDEN, Fau.ORBITAL)]


def test_a_silent_check_is_the_only_advice():
    watched = Watched().check(BODY_ONLY, times=20).wait(5.5)
    (advice,) = watched.advice
    assert (advice.kind, advice.for_s) == (AdviceKind.NO_CHECK, 5.5)


def test_a_check_that_never_came_is_missed_like_one_that_stopped():
    assert Watched().wait(6).kinds == [AdviceKind.NO_CHECK]


def test_what_was_so_before_a_silence_is_not_counted():
    watched = Watched().check(BODY_ONLY, times=9).wait(60)
    assert watched.check(BODY_ONLY).kinds == []


def test_the_same_check_told_twice_is_one_check():
    watched = Watched().check(face())
    same = FaceObservation(sensor_ns=round(watched.now_s * 1e9), build=BUILD, **face())
    watched.wait(6).keeper.observe(watched.now_s, same)
    assert watched.kinds == [AdviceKind.NO_CHECK]


SHOWN = st.one_of(
    st.just(NOTHING),
    st.just(BODY_ONLY),
    st.builds(
        face,
        st.sets(st.sampled_from(CHECKED_FAUS)).map(tuple),
        light=st.sampled_from([22.0, 100.0]),
        sharpness=st.sampled_from([3.0, 400.0]),
        over_exposed=st.sampled_from([0.0, 0.5]),
    ),
)


@settings(deadline=None)  # a loaded machine is slow, not wrong
@given(st.lists(st.tuples(SHOWN, st.integers(1, 6)), max_size=15))
def test_whatever_a_mouse_does_few_things_are_told_and_only_what_has_lasted(spans):
    limits, watched = AdviceLimits(), Watched()
    for shown, times in spans:
        for _ in range(times):
            advice = watched.check(shown).advice
            assert len(advice) <= limits.most_pieces
            assert all(each.for_s >= limits.told_after_s for each in advice)
            assert len(set(watched.kinds)) == len(advice)
