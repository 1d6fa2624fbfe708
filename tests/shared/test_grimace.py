"""The scale of PainFace's Figure 2, rule by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.grimace import NOT_DETECTED, SUBJECT_TYPES, Fau, ScoreOutOfScale, UnknownSubjectType, subject_type

BLACK = subject_type("C57BL/6")


def scores(orbital: int, nose: int, ears: int, whiskers: int) -> dict[Fau, int]:
    return {Fau.ORBITAL: orbital, Fau.NOSE: nose, Fau.EARS: ears, Fau.WHISKERS: whiskers}


def test_a_frame_scores_the_sum_of_its_four_action_units():
    assert BLACK.total(scores(orbital=2, nose=2, ears=1, whiskers=1)) == 6


def test_a_frame_with_a_hidden_action_unit_has_no_grimace_score():
    hidden_ears = scores(orbital=2, nose=0, ears=NOT_DETECTED, whiskers=1)
    assert BLACK.total(hidden_ears) is None
    assert BLACK.mean(hidden_ears) is None
    assert BLACK.detected(hidden_ears) == 3


def test_a_black_mouse_has_no_moderate_nose_bulge():
    with pytest.raises(ScoreOutOfScale, match=r"nose of c57bl/6 cannot be 1; allowed: \[0, 2\]"):
        BLACK.check(scores(orbital=0, nose=1, ears=0, whiskers=0))


def test_a_black_mouse_has_no_cheek_score():
    with pytest.raises(ScoreOutOfScale, match="cheek of c57bl/6 cannot be 0; allowed: not scored"):
        BLACK.check({Fau.CHEEK: 0})


@pytest.mark.parametrize(("name", "highest"), [("c57bl/6", 8), ("crl:cd1(icr)", 10), ("rat", 10)])
def test_the_scale_ends_where_the_literature_says(name, highest):
    assert subject_type(name).highest_total == highest


def test_an_unknown_subject_type_is_refused_with_the_known_ones():
    with pytest.raises(UnknownSubjectType, match="unknown subject type 'hamster'; known: c57bl/6"):
        subject_type("hamster")


@given(st.data(), st.sampled_from(list(SUBJECT_TYPES.values())))
def test_every_full_set_of_allowed_scores_stays_on_the_scale(data, subject):
    full = {fau: data.draw(st.sampled_from(sorted(subject.allowed[fau]))) for fau in subject.faus}
    subject.check(full)
    assert 0 <= subject.total(full) <= subject.highest_total
    assert subject.mean(full) == subject.total(full) / len(subject.faus)
