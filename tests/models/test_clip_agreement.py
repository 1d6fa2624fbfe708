"""The bundled build tells on the sample clip whether all four units are visible, as its card says."""

from pathlib import Path

import pytest

from models.clip_agreement import Agreement, agreement, report
from shared.builds import open_build
from shared.detections import Part
from shared.grimace import Fau

CLIP = Path(__file__).parent.parent / "media" / "chamber-short.mp4"


@pytest.fixture(scope="module")
def found() -> Agreement:
    return agreement(open_build("synthetic-2026.11"), CLIP)


def test_whole_faces_are_told_from_others_in_at_least_four_of_five_seconds(found):
    assert found.all_faus_told.asked == 12
    assert found.all_faus_told.right >= 0.8 * 12


def test_only_seconds_in_which_paws_hide_the_nose_are_told_wrongly(found):
    assert set(found.wrong_seconds) <= {9, 10, 11}


def test_most_visible_faces_are_found_where_they_are(found):
    share = found.found[Part.FACE]
    assert share.right >= 0.8 * share.asked


def test_every_unit_is_scored(found):
    assert set(found.scored) == {Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS}
    assert all(share.asked > 0 for share in found.scored.values())


def test_the_report_says_how_many_of_how_many(found):
    assert f"all four units told visible or not: {found.all_faus_told.right} of 12" in report(found)
