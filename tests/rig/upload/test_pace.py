"""When the uploader tries again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.upload.delivery import SessionRefused
from rig.upload.pace import LONGEST_POLL_S, back_off_s, is_due, poll_after_s
from rig.upload.uploader import Verdict, judge
from shared import faults
from shared.client import HubRefused, HubUnreachable
from shared.faults import GrimaceError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CAP_S = 60.0


def test_pauses_double_up_to_the_cap():
    assert [back_off_s(attempts, CAP_S, jitter=0) for attempts in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


@given(attempts=st.integers(0, 10**9), cap_s=st.floats(0.1, 1e5), jitter=st.floats(0, 1))
def test_no_pause_is_longer_than_the_cap_and_none_is_absent(attempts, cap_s, jitter):
    assert 0 < back_off_s(attempts, cap_s, jitter) <= cap_s


@pytest.mark.parametrize(
    ("next_try_in_s", "due"),
    [(None, True), (-1, True), (0, True), (1, False), (CAP_S, False), (CAP_S + 1, True), (86400 * 365, True)],
)
def test_a_session_is_due_when_its_time_has_come_or_cannot_be_right(next_try_in_s, due):
    next_try_at = None if next_try_in_s is None else NOW + timedelta(seconds=next_try_in_s)
    assert is_due(next_try_at, NOW, CAP_S) is due


def test_the_hub_is_asked_often_at_first_and_never_less_than_twice_a_minute():
    assert [poll_after_s(waited_s) for waited_s in (-5, 0, 20, 100, 86400)] == [0.5, 0.5, 2, 10, LONGEST_POLL_S]


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (HubUnreachable("x"), Verdict.HUB_AWAY),
        (HubRefused(faults.TOKEN_REFUSED, "", 401), Verdict.HUB_AWAY),
        (GrimaceError(faults.TOKEN_REFUSED, "no token file"), Verdict.HUB_AWAY),
        (HubRefused(faults.NOT_ALLOWED, "", 403), Verdict.HUB_AWAY),
        (HubRefused(faults.NOT_VALID, "", 422), Verdict.REFUSED),
        (HubRefused(faults.NOT_VALID, "another version of tus", 412), Verdict.TRY_LATER),
        (HubRefused(faults.SESSION_CONFLICT, "", 409), Verdict.REFUSED),
        (HubRefused(faults.UPLOAD_TOO_LARGE, "", 413), Verdict.REFUSED),
        (HubRefused(faults.UPLOAD_CONFLICT, "", 409), Verdict.TRY_LATER),
        (HubRefused(faults.HUB_DISK_FULL, "", 507), Verdict.TRY_LATER),
        (HubRefused(faults.HUB_REFUSED, "of a newer hub", 500), Verdict.TRY_LATER),
        (SessionRefused(faults.LEDGER_MISMATCH), Verdict.REFUSED),
        (GrimaceError(faults.RECEIPT_MISMATCH), Verdict.REFUSED),
        (GrimaceError(faults.FILE_CHANGED), Verdict.QUARANTINE),
        (GrimaceError(faults.FILE_HASH), Verdict.TRY_LATER),
        (GrimaceError(faults.DISK_FULL), Verdict.TRY_LATER),
    ],
    ids=lambda value: str(value),
)
def test_what_follows_from_each_failure(error, verdict):
    assert judge(error) is verdict
