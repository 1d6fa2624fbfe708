"""What people do with analyses, and what the hub does by itself."""

import threading

import pytest

from hub.analyses.builds import choose_build
from hub.analyses.doorbell import Doorbell, make_celery
from hub.analyses.reconcile import forget_rings, note_rung, reconcile, waiting_for_a_ring
from hub.settings import HubSettings
from shared.api import AnalysisState, SessionState
from shared.faults import GrimaceError
from tests.processes import unused_port


def test_the_same_analysis_is_never_queued_twice(hub):
    session_uid = hub.store()
    assert hub.queue(session_uid) == hub.queue(session_uid, priority=9)
    assert hub.queue(session_uid, rate=2.0) != hub.queue(session_uid)


def test_many_who_queue_the_same_at_once_get_the_same(hub):
    session_uid, answers = hub.store(), []
    threads = [threading.Thread(target=lambda: answers.append(hub.queue(session_uid))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def test_a_session_that_is_not_stored_is_not_analysed(hub):
    session_uid = hub.store()
    uid = hub.queue(session_uid)
    with hub.parts.database.writing() as session:
        hub.row(session, uid).session.state = SessionState.RECEIVED
    with pytest.raises(GrimaceError, match="only a stored session"):
        hub.queue(session_uid, rate=3.0)


def test_a_queued_analysis_is_cancelled_at_once_and_can_be_tried_again(hub):
    uid = hub.queue(hub.store())
    hub.cancel(uid)
    assert hub.analysis(uid).state is AnalysisState.CANCELLED
    hub.retry(uid)
    again = hub.analysis(uid)
    assert (again.state, again.attempt, again.ended_at) == (AnalysisState.QUEUED, 0, None)


def test_cancelling_what_is_cancelled_and_retrying_what_is_queued_change_nothing(hub):
    uid = hub.queue(hub.store())
    hub.retry(uid)
    hub.cancel(uid)
    ended_at = hub.analysis(uid).ended_at
    hub.cancel(uid)
    assert hub.analysis(uid).ended_at == ended_at


def test_workers_are_called_for_the_most_urgent_first_and_again_later(hub):
    session_uid = hub.store()
    usual, urgent = hub.queue(session_uid), hub.queue(session_uid, rate=2.0, priority=9)
    settings, now = hub.parts.settings, hub.clock.now()
    with hub.parts.database.writing() as session:
        forget_rings(session)
        assert waiting_for_a_ring(session, settings.ring_again_s, now) == [urgent, usual]
        note_rung(session, [urgent], now)
        assert waiting_for_a_ring(session, settings.ring_again_s, now) == [usual]
    hub.clock.advance(settings.ring_again_s + 1)
    with hub.parts.database.writing() as session:
        assert waiting_for_a_ring(session, settings.ring_again_s, hub.clock.now()) == [urgent, usual]


def test_a_broker_that_is_away_leaves_analyses_queued_and_unrung(hub, caplog):
    uid = hub.queue(hub.store())
    dead = Doorbell(make_celery(f"amqp://guest:guest@127.0.0.1:{unused_port()}//"))
    with hub.parts.database.writing() as session:
        forget_rings(session)
    for _ in range(2):
        reconcile(hub.parts, dead)
    row = hub.analysis(uid)
    assert (row.state, row.rung_at) == (AnalysisState.QUEUED, None)
    assert [record.message for record in caplog.records if record.name == "hub.analyses.doorbell"] == [
        "the broker cannot be reached; analyses stay queued"
    ]


def test_the_newest_build_is_the_default(tmp_path):
    for name, created in (("old-build", "2025-01-01"), ("new-build", "2026-05-01"), ("broken-build", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "build.toml").write_text(f'created = "{created}"\n' if created else "not toml")
    settings = HubSettings(builds_folder=tmp_path)
    assert choose_build(settings) == "new-build"
    assert choose_build(settings, "old-build") == "old-build"
    assert choose_build(HubSettings(builds_folder=tmp_path, default_build="old-build")) == "old-build"


@pytest.mark.parametrize("name", ["no-such-build", None])
def test_a_build_that_is_not_installed_is_refused(tmp_path, name):
    with pytest.raises(GrimaceError, match="E_BUILD_UNKNOWN"):
        choose_build(HubSettings(builds_folder=tmp_path), name)
