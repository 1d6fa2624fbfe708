"""The plot stays small, however many frames were analysed."""

from hub.web.plots import MOST_EXACT_DOTS, PlottedFrame, draw
from shared.grimace import NOT_DETECTED, subject_type

BLACK = subject_type("c57bl/6")


def frames(count: int, rate: float) -> list[PlottedFrame]:
    """Every action unit comes and goes from frame to frame, which is the worst case; the score goes through its scale."""
    hidden = dict.fromkeys(BLACK.faus, NOT_DETECTED)
    shown = dict.fromkeys(BLACK.faus, 2)
    return [
        PlottedFrame(index / rate, index % 9 if index % 2 else None, shown if index % 2 else hidden) for index in range(count)
    ]


def test_an_hour_of_every_frame_is_drawn_in_a_page_that_a_browser_can_show():
    plot = draw(frames(3600 * 30, rate=30), BLACK, 3600, [])
    size_bytes = len(plot.dots) + sum(len(lane.bars) for lane in plot.lanes)
    assert size_bytes < 200_000
    assert plot.dots.count("M") > MOST_EXACT_DOTS / 2
    assert [lane.share_seen for lane in plot.lanes] == [0.5] * 4


def test_a_session_of_usual_length_shows_every_frame():
    scored = frames(1800, rate=1)
    assert draw(scored, BLACK, 1800, []).dots.count("M") == sum(frame.total is not None for frame in scored)


def test_a_unit_that_is_seen_twice_has_two_bars():
    seen = {0, 1, 50, 51}
    some = [
        PlottedFrame(float(second), None, dict.fromkeys(BLACK.faus, 0 if second in seen else NOT_DETECTED))
        for second in range(100)
    ]
    assert [lane.bars.count("M") for lane in draw(some, BLACK, 100, []).lanes] == [2] * 4
