"""Events are the differences between two looks at the rig, each told once."""

from __future__ import annotations

from rig.agent.snapshot import RigSnapshot, Verdict
from rig.control import FinishedSession
from rig.mqtt.happenings import Happening, Observer
from shared.clock import SystemClock
from shared.face_check import Coverage
from shared.manifest import FrameCounts
from shared.messages import EventKind
from tests.rig.mqtt.looks import PLAN, queue_of, queued, rig_now
from tests.rig.screen.desk_in_memory import SESSION, recording_of


def seen(*rigs: RigSnapshot) -> list[Happening]:
    """All that an observer tells of these looks."""
    observer = Observer()
    return [happening for rig in rigs for happening in observer.observe(rig)]


def kinds(*rigs: RigSnapshot) -> list[EventKind]:
    return [happening.kind for happening in seen(*rigs)]


def recording_rig(**values: object) -> RigSnapshot:
    return rig_now(recording=recording_of(PLAN, **values))


def verdict_rig(outcome: str = "sealed", **values: object) -> RigSnapshot:
    session = FinishedSession(
        session_id=SESSION,
        outcome=outcome,
        folder="/x",
        counts=FrameCounts(expected=303, captured=303, written=300, dropped=3),
        coverage=Coverage(scorable_s=80.0),
    )
    content = {"session": session, "study": PLAN.study, "ended_at": SystemClock().now(), "sufficient": True}
    return rig_now(verdict=Verdict.model_validate({**content, **values}))


def test_the_first_look_tells_nothing():
    assert kinds(recording_rig()) == []


def test_a_recording_is_told_when_it_begins():
    (happening,) = seen(rig_now(), recording_rig())
    assert happening == Happening(EventKind.SESSION_STARTED, SESSION, {"planned_s": 600.0})


def test_a_recording_that_just_goes_on_tells_nothing():
    assert kinds(recording_rig(elapsed_s=10), recording_rig(elapsed_s=11)) == []


def test_frames_that_go_missing_are_a_gap():
    (happening,) = seen(recording_rig(frames_dropped=1), recording_rig(frames_dropped=4, longest_gap_ms=133.3))
    assert happening == Happening(EventKind.GAP, SESSION, {"frames": 3, "longest_gap_ms": 133.3})


def test_each_marker_is_told_by_its_number_but_not_by_its_text():
    happenings = seen(recording_rig(markers=1), recording_rig(markers=3))
    assert happenings == [Happening(EventKind.MARKER, SESSION, {"number": number}) for number in (2, 3)]


def test_a_recording_that_goes_on_after_the_camera_process_was_restarted_has_not_begun_anew():
    assert seen(recording_rig(part=1), rig_now(), recording_rig(part=2)) == [
        Happening(EventKind.SEGMENT_CLOSED, SESSION, {"part": 1})
    ]


def test_a_sealed_session_is_told_with_what_became_of_it():
    part, closed = seen(recording_rig(part=2), verdict_rig())
    assert part == Happening(EventKind.SEGMENT_CLOSED, SESSION, {"part": 2})
    assert closed.kind is EventKind.SESSION_CLOSED
    assert closed.data == {
        "outcome": "sealed",
        "sufficient": True,
        "scorable_s": 80.0,
        "frames_written": 300,
        "frames_dropped": 3,
    }


def test_a_recovered_session_says_so():
    assert kinds(rig_now(), verdict_rig("recovered")) == [EventKind.SESSION_CLOSED, EventKind.RECOVERED]


def test_a_score_is_told_to_be_there_but_not_what_it_is():
    (happening,) = seen(verdict_rig(), verdict_rig(scored_mean=3.1, scored_frames=600))
    assert happening == Happening(EventKind.RESULT_READY, SESSION, {"scored_frames": 600})


def test_a_session_that_left_the_queue_for_the_hub_is_confirmed():
    before = rig_now(queue=queue_of(queued(1), queued(2)))
    (happening,) = seen(before, rig_now(queue=queue_of(queued(2), on_hub=1)))
    assert happening == Happening(EventKind.UPLOAD_CONFIRMED, queued(1).session_id, {"size_bytes": 1000})


def test_a_session_that_was_stopped_is_not_confirmed():
    before = rig_now(queue=queue_of(queued(1), queued(2)))
    after = rig_now(queue=queue_of(stopped=(queued(1),), on_hub=1))
    assert [happening.session_id for happening in seen(before, after)] == [queued(2).session_id]


def test_deleting_the_local_copy_is_told():
    before, after = rig_now(queue=queue_of(on_hub=2)), rig_now(queue=queue_of(on_hub=2, deleted_here=2))
    assert seen(before, after) == [Happening(EventKind.LOCAL_DELETED, None, {"sessions": 2})]
