"""Events wait for the broker, so many and no more; nothing goes without a trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rig.mqtt.spool import Spool
from shared.messages import EventKind, EventMessage, ReplyMessage, ReplyStatus

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def event(number: int, kind: EventKind = EventKind.MARKER) -> EventMessage:
    ts = NOON + timedelta(seconds=number)
    return EventMessage(ts=ts, boot_id="b", seq=number, event_id=f"event-{number}", mono_ns=number, kind=kind)


def numbers(spool: Spool) -> list[int]:
    return [
        said.seq for said in spool.waiting().values() if isinstance(said, EventMessage) and said.kind is not EventKind.LEFT_OUT
    ]


def test_what_waits_comes_out_in_order_and_stays_until_it_is_delivered():
    spool = Spool()
    for number in range(3):
        spool.add(event(number))
    first = next(iter(spool.waiting()))
    spool.delivered(first)
    assert numbers(spool) == [1, 2]
    assert numbers(spool) == [1, 2]


def test_the_oldest_make_room_for_the_newest_and_are_summed_up():
    spool = Spool(room=2)
    for number, kind in enumerate([EventKind.GAP, EventKind.MARKER, EventKind.MARKER, EventKind.GAP, EventKind.MARKER]):
        spool.add(event(number, kind))
    summary, *rest = spool.waiting().values()
    assert isinstance(summary, EventMessage)
    assert summary.kind is EventKind.LEFT_OUT
    assert summary.data == {
        "events": {"gap": 1, "marker": 2},
        "first_ts": "2026-05-04T12:00:00+00:00",
        "last_ts": "2026-05-04T12:00:02+00:00",
    }
    assert [said.seq for said in rest if isinstance(said, EventMessage)] == [3, 4]


def test_a_summary_that_grew_while_it_was_sent_is_sent_again():
    spool = Spool(room=1)
    spool.add(event(0))
    spool.add(event(1))
    sent = next(iter(spool.waiting()))
    spool.add(event(2))
    spool.delivered(sent)
    summary = next(iter(spool.waiting().values()))
    assert isinstance(summary, EventMessage)
    assert summary.data["events"] == {"marker": 2}


def test_a_reply_that_nobody_waits_for_any_more_is_not_counted():
    spool = Spool(room=1)
    spool.add(ReplyMessage(id="1", status=ReplyStatus.DONE))
    spool.add(event(1))
    assert list(spool.waiting().values()) == [event(1)]


@given(count=st.integers(0, 40), room=st.integers(1, 10))
def test_every_event_either_waits_or_is_counted(count: int, room: int):
    spool = Spool(room)
    for number in range(count):
        spool.add(event(number))
    left_out = sum(
        said.data["events"]["marker"]
        for said in spool.waiting().values()
        if isinstance(said, EventMessage) and said.kind is EventKind.LEFT_OUT
    )
    assert left_out + len(numbers(spool)) == count
    assert len(numbers(spool)) <= room
