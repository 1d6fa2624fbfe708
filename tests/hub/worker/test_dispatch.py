"""Real hubs, workers, brokers and databases: every analysis is done, once, whatever is killed on the way."""

from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest

from hub.analyses.doorbell import Doorbell, make_celery
from shared.api import AnalysisState
from shared.hashing import sha256_of_file
from tests.hub.worker.stacks import FAST, Stack
from tests.processes import RunningHub, until

pytestmark = pytest.mark.system

SLOW = {"frames": 150, "rate": 30.0}
"""An analysis that takes some 4 s."""


@pytest.fixture(params=["memory and SQLite", pytest.param("RabbitMQ and PostgreSQL", marks=pytest.mark.services)])
def stack(request, tmp_path) -> Iterator[Stack]:
    """A running hub with a lab; its workers, where it has any, are not started yet."""
    if request.param == "memory and SQLite":
        hub, broker, names = RunningHub(tmp_path, **FAST), None, ()
    else:
        broker, names = request.getfixturevalue("rabbitmq").url, ("worker-1", "worker-2")
        database = request.getfixturevalue("postgres").new_database()
        hub = RunningHub(tmp_path, **FAST, database_url=database, broker_url=broker, embedded_worker=False)
    hub.start()
    running = Stack(hub, names, broker)
    yield running
    running.stop()


@pytest.fixture
def scoring(stack) -> Stack:
    """A stack whose workers work."""
    stack.start_scoring()
    return stack


def start_slow(stack: Stack) -> str:
    """The id of an analysis that is in the middle of its work."""
    uid = stack.ask(stack.store(frames=SLOW["frames"]), rate=SLOW["rate"])
    stack.once_in_the_middle(uid)
    return uid


def test_twenty_analyses_are_all_done_exactly_once(scoring):
    session_uid = scoring.store()
    asked = [scoring.ask(session_uid, rate=rate / 10) for rate in range(1, 21)]
    for uid in asked:
        seen = scoring.once(uid, "done", "failed")
        assert (seen.state, seen.attempt) == (AnalysisState.DONE, 1), seen
        table = scoring.storage.result_table(uid)
        assert pq.read_metadata(table).num_rows == seen.summary.frames_analysed > 0
    assert all(row.table_sha256 == sha256_of_file(scoring.storage.result_table(row.uid)) for row in scoring.rows())
    assert len(list(scoring.storage.results.iterdir())) == len(asked)


def test_ringing_again_and_again_does_nothing_twice(scoring):
    session_uid = scoring.store()
    uid = scoring.ask(session_uid)
    broker_url = scoring.hub.environment.get("GRIMACE_HUB_BROKER_URL")
    if broker_url:
        doorbell = Doorbell(make_celery(broker_url))
        assert all(doorbell.ring(uid) for _ in range(20))
    for _ in range(5):
        assert scoring.ask(session_uid) == uid
    assert scoring.once(uid, "done").attempt == 1
    assert len(scoring.rows()) == 1


def test_the_urgent_is_scored_first(stack):
    if stack.workers:
        stack.workers = stack.workers[:1]
    else:
        blocker = start_slow(stack)
    session_uid = stack.store()
    asked = {priority: stack.ask(session_uid, rate=1 + priority / 10, priority=priority) for priority in (1, 5, 9, 3)}
    if stack.workers:
        stack.start_scoring()
    else:
        stack.post(blocker, "cancel")
    done = {priority: stack.once(uid, "done").started_at for priority, uid in asked.items()}
    assert sorted(done, key=done.__getitem__) == [9, 5, 3, 1]


def test_what_a_killed_worker_had_in_hand_is_finished_by_another(scoring):
    uid = start_slow(scoring)
    holder = scoring.scorer_of(scoring.see(uid))
    holder.kill()
    if holder is scoring.hub:
        holder.start()
    seen = scoring.once(uid, "done", "failed")
    assert (seen.state, seen.attempt) == (AnalysisState.DONE, 2)


def test_a_killed_inference_process_costs_one_attempt(scoring):
    uid = start_slow(scoring)
    scoring.kill_child_of(scoring.scorer_of(scoring.see(uid)))
    seen = scoring.once(uid, "done", "failed")
    assert (seen.state, seen.attempt) == (AnalysisState.DONE, 2)


def test_an_inference_process_killed_three_times_fails_the_analysis_with_the_reason(scoring):
    uid = scoring.ask(scoring.store(frames=SLOW["frames"]), rate=SLOW["rate"])
    for attempt in (1, 2, 3):
        until(lambda attempt=attempt: (seen := scoring.see(uid)).attempt == attempt and seen.frames_done)
        scoring.kill_child_of(scoring.scorer_of(scoring.see(uid)))
    seen = scoring.once(uid, "done", "failed")
    assert (seen.state, seen.attempt, seen.fault.code) == (AnalysisState.FAILED, 3, "E_WORKER_CRASHED")
    assert "SIGKILL" in seen.fault.detail


def test_a_running_analysis_is_cancelled_within_seconds_and_the_worker_goes_on(scoring):
    uid = start_slow(scoring)
    scoring.post(uid, "cancel")
    assert scoring.once(uid, "cancelled", within_s=5).summary is None
    other = scoring.ask(scoring.store())
    assert scoring.once(other, "done").attempt == 1
    scoring.post(uid, "retry")
    assert scoring.once(uid, "running").attempt == 1


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_has(scoring):
    uid = start_slow(scoring)
    holder = scoring.scorer_of(scoring.see(uid))
    assert holder.terminate(within_s=15) in {0, -15}
    if holder is scoring.hub:
        holder.start()
    seen = scoring.once(uid, "done", "failed")
    assert (seen.state, seen.attempt) == (AnalysisState.DONE, 1)


def test_a_hub_killed_with_analyses_queued_has_them_done_after_its_restart(scoring):
    session_uid = scoring.store()
    asked = [scoring.ask(session_uid, rate=rate / 10) for rate in range(1, 6)]
    scoring.hub.kill()
    scoring.hub.start()
    for uid in asked:
        seen = scoring.once(uid, "done", "failed")
        assert (seen.state, seen.attempt <= 2) == (AnalysisState.DONE, True)


def test_what_would_fail_again_is_not_tried_again(scoring):
    seen = scoring.once(scoring.ask(scoring.store(subject_type="rat")), "done", "failed")
    assert (seen.state, seen.attempt, seen.fault.code) == (AnalysisState.FAILED, 1, "E_SUBJECT_TYPE")


@pytest.mark.services
def test_analyses_asked_for_while_the_broker_is_away_are_done_when_it_is_back(request, tmp_path, rabbitmq):
    hub = RunningHub(tmp_path, **FAST, broker_url=rabbitmq.url, embedded_worker=False)
    hub.start()
    stack = Stack(hub, ("worker-1",), rabbitmq.url)
    request.addfinalizer(stack.stop)
    stack.start_scoring()
    session_uid = stack.store()
    stack.once(stack.ask(session_uid), "done")
    rabbitmq.stop()
    try:
        asked = [stack.ask(session_uid, rate=rate) for rate in (2.0, 3.0)]
        until(lambda: "the broker cannot be reached" in hub.log.read_text())
    finally:
        rabbitmq.start()
    assert [stack.once(uid, "done").attempt for uid in asked] == [1, 1]


def test_a_worker_without_a_broker_outlives_a_killed_hub_and_loses_nothing(request, tmp_path):
    hub = RunningHub(tmp_path, **{**FAST, "lease_s": 60}, embedded_worker=False)
    hub.start()
    stack = Stack(hub, ("worker-1",))
    request.addfinalizer(stack.stop)
    stack.start_scoring()
    uid = start_slow(stack)
    hub.kill()
    hub.start()
    seen = stack.once(uid, "done", "failed")
    assert (seen.state, seen.attempt, seen.worker) == (AnalysisState.DONE, 1, "worker-1")
