"""The summary, by examples that can be checked by hand."""

import pytest

from hub.results.summary import summarise


def test_means_are_over_the_frames_that_show_everything(tabulated):
    summary = summarise(tabulated((2, 2, 1, 1), (0, 0, 1, 1), (2, 0, -1, 2)), 3.0, 0, ())
    assert (summary.frames_analysed, summary.frames_with_face, summary.frames_all_faus) == (3, 3, 2)
    assert summary.coverage == pytest.approx(2 / 3)
    assert summary.mean_mgs == (6 + 2) / 2
    assert summary.mean_mgs_averaged == (6 / 4 + 2 / 4) / 2
    assert summary.mean_by_fau == {"orbital": 1.0, "nose": 1.0, "ears": 1.0, "whiskers": 1.0}


def test_a_recording_without_a_complete_frame_has_no_mean(tabulated):
    summary = summarise(tabulated((-1, -1, -1, -1), (0, 0, -1, 0)), 2.0, 5, ())
    assert (summary.mean_mgs, summary.mean_mgs_averaged, summary.first_10_min_mean_mgs) == (None, None, None)
    assert summary.mean_by_fau == {"orbital": None, "nose": None, "ears": None, "whiskers": None}
    assert (summary.frames_with_face, summary.coverage, summary.frames_undecodable) == (1, 0.0, 5)


@pytest.mark.parametrize(("complete", "sufficient"), [(74, False), (75, True)])
def test_75_complete_frames_in_the_first_10_minutes_suffice(complete, sufficient, tabulated):
    seen, hidden = (0, 0, 0, 0), (0, 0, 0, -1)
    table = tabulated(*[seen] * complete, *[hidden] * (600 - complete), *[(2, 2, 2, 2)] * 100)
    summary = summarise(table, 700.0, 0, ())
    assert (summary.first_10_min_frames_analysed, summary.first_10_min_frames_all_faus) == (600, complete)
    assert summary.sufficient is sufficient
    assert summary.first_10_min_mean_mgs == 0.0
    assert summary.mean_mgs == pytest.approx(800 / (complete + 100))


def test_the_summary_says_what_it_was_made_with(tabulated):
    summary = summarise(tabulated((0, 0, 0, 0)), 1.0, 0, ())
    assert (summary.build, summary.placeholder, summary.subject_type, summary.rate) == ("synthetic-2026.11", True, "c57bl/6", 1.0)
