"""Keeping a lease: what ends the work, and what passes."""

import threading

import pytest

from hub.worker.lease_keeper import LeaseKeeper
from shared.api import ClaimedAnalysis
from shared.faults import ANALYSIS_CANCELLED, HUB_FAILED, HUB_UNREACHABLE, LEASE_LOST, GrimaceError

CLAIMED = ClaimedAnalysis(
    analysis_id="a",
    session_id="00000000-0000-4000-8000-000000000000",
    fence="f",
    lease_s=0.04,
    attempt=1,
    build="b",
    rate=1.0,
    subject_type="c57bl/6",
    files=(),
)


class Answering:
    """A port that answers every report with the same fault."""

    def __init__(self, fault) -> None:
        self._fault = fault
        self._reports = 0
        self.asked_twice = threading.Event()

    def progress(self, _claimed, _report) -> None:
        self._reports += 1
        if self._reports == 2:
            self.asked_twice.set()
        raise GrimaceError(self._fault)


@pytest.mark.parametrize("fault", [HUB_UNREACHABLE, HUB_FAILED])
def test_a_hub_that_fails_or_is_away_for_a_moment_does_not_end_the_work(fault):
    port = Answering(fault)
    with LeaseKeeper(port, CLAIMED) as keeper:
        assert port.asked_twice.wait(10)
    assert keeper.ending is None


@pytest.mark.parametrize("fault", [LEASE_LOST, ANALYSIS_CANCELLED])
def test_a_lost_or_cancelled_analysis_ends_the_work(fault):
    port = Answering(fault)
    with LeaseKeeper(port, CLAIMED) as keeper:
        keeper._thread.join(10)
    assert keeper.ending is fault
    assert not port.asked_twice.is_set()
