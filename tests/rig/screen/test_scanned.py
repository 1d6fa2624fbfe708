"""What codes may say."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.screen.scanned import read_scan
from shared.faults import SCAN_UNREADABLE, GrimaceError


def test_a_plain_code_is_the_animals():
    assert read_scan(" A-17\n").model_dump(exclude_none=True) == {"animal": "A-17"}


def test_the_longer_form_fills_several_fields():
    scanned = read_scan("grimace:1;study=Laparotomy;animal=A-17;phase=post%3B1h;operator=Kim;duration_min=30")
    assert scanned.model_dump(exclude_none=True) == {
        "study": "Laparotomy",
        "animal": "A-17",
        "phase": "post;1h",
        "operator": "Kim",
        "duration_min": 30.0,
    }


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("grimace:2;animal=A-17", "grimace:2"),
        ("grimace:1;animal", "animal"),
        ("grimace:1;group=drug", "group"),
        ("grimace:1;duration_min=long", "duration_min"),
        ("A" * 65, "animal"),
        ("  ", "empty"),
        ("A\x07", "cannot be read"),
    ],
)
def test_a_code_that_cannot_be_used_says_why(code, named):
    with pytest.raises(GrimaceError, match=named) as refused:
        read_scan(code)
    assert refused.value.fault is SCAN_UNREADABLE


@given(
    st.text(alphabet=st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=64).filter(lambda text: ":" not in text)
)
def test_any_short_word_is_an_animals_code(code):
    assert read_scan(code).animal == code


@given(st.text(max_size=60))
def test_whatever_is_in_a_field_comes_back_unchanged(study):
    assert read_scan(f"grimace:1;study={quote(study.strip())}").study == study.strip()
