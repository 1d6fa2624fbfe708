"""What a worker may rely on, in the hub's process and over HTTP alike."""

import io
import threading

import pyarrow.parquet as pq
import pytest

from hub.results.table import Provenance, table_of
from hub.worker.http_port import HttpPort
from hub.worker.local_port import LocalPort
from hub.worker.port import Interrupted
from shared.api import AnalysisState, ClaimRequest, Completion, Failure, ProgressReport, ScoreSummary
from shared.faults import GrimaceError
from shared.hashing import sha256_of_bytes, sha256_of_file
from tests.hub.analyses.analysis_hub import BUILD


def table_made_at(rate: float) -> bytes:
    """A delivered file: a table of no frame."""
    content = io.BytesIO()
    pq.write_table(table_of([], Provenance(BUILD, "0" * 64, True, "c57bl/6", rate)), content)
    return content.getvalue()


TABLE = table_made_at(1.0)
SUMMARY = ScoreSummary(
    subject_type="c57bl/6",
    build=BUILD,
    build_sha256="0" * 64,
    placeholder=True,
    rate=1.0,
    frames_analysed=4,
    frames_with_face=0,
    frames_all_faus=0,
    coverage=0.0,
    mean_mgs=None,
    mean_mgs_averaged=None,
    mean_by_fau={},
    first_10_min_frames_analysed=4,
    first_10_min_frames_all_faus=0,
    first_10_min_mean_mgs=None,
    sufficient=False,
    duration_s=4.0,
)
COMPLETION = Completion(table_sha256=sha256_of_bytes(TABLE), summary=SUMMARY)
REPORT = ProgressReport(frames_done=1, frames_planned=4)


@pytest.fixture(params=["in process", "over HTTP"])
def port(request, hub):
    return LocalPort(hub.parts) if request.param == "in process" else HttpPort(hub.url, hub.add_worker(), threading.Event())


@pytest.fixture
def uid(hub):
    """A queued analysis' id."""
    return hub.queue(hub.store())


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "scores.parquet"
    path.write_bytes(TABLE)
    return path


def claim(port, uid=None):
    return port.claim(ClaimRequest(worker="w", analysis_id=uid))


def never():
    """A check that lets everything go on."""


def test_a_claim_carries_what_the_work_needs(hub, port, uid):
    claimed = claim(port)
    assert (claimed.analysis_id, claimed.build, claimed.rate, claimed.attempt) == (uid, BUILD, 1.0, 1)
    assert claimed.subject_type == "c57bl/6"
    assert {"session.json", "part-1.mp4", "frames.csv"} <= {file.name for file in claimed.files}
    assert hub.analysis(uid).state is AnalysisState.RUNNING


def test_what_is_claimed_is_not_claimed_again(port, uid):
    assert claim(port) is not None
    assert claim(port) is None
    assert claim(port, uid) is None


def test_the_most_urgent_is_claimed_first_then_the_oldest(hub, port):
    session_uid = hub.store()
    asked = [hub.queue(session_uid, rate=float(rate), priority=priority) for rate, priority in enumerate((5, 1, 9, 5), start=1)]
    assert [claim(port).analysis_id for _ in asked] == [asked[2], asked[0], asked[3], asked[1]]


def test_many_workers_never_get_the_same(hub, port):
    session_uid = hub.store()
    asked = {hub.queue(session_uid, rate=float(rate)) for rate in range(1, 13)}
    taken, lock = [], threading.Lock()

    def work():
        while (claimed := claim(port)) is not None:
            with lock:
                taken.append(claimed.analysis_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(asked)
    assert set(taken) == asked


def test_the_files_arrive_as_they_were_verified(port, uid, tmp_path):
    claimed = claim(port)
    (tmp_path / "work").mkdir()
    folder = port.fetch(claimed, tmp_path / "work", never)
    assert all(sha256_of_file(folder / file.name) == file.sha256 for file in claimed.files)


def test_a_report_renews_the_lease(hub, port, uid):
    claimed = claim(port)
    hub.clock.advance(claimed.lease_s - 1)
    port.progress(claimed, REPORT)
    hub.clock.advance(2)
    hub.notice_expired_leases()
    row = hub.analysis(uid)
    assert (row.state, row.frames_done, row.frames_planned) == (AnalysisState.RUNNING, 1, 4)


def test_a_delivered_and_completed_analysis_is_done(hub, port, uid, table):
    claimed = claim(port)
    port.put_table(claimed, table)
    port.complete(claimed, COMPLETION)
    row = hub.analysis(uid)
    assert (row.state, row.table_sha256) == (AnalysisState.DONE, COMPLETION.table_sha256)
    assert row.summary["analysis_id"] == uid
    assert hub.parts.storage.result_table(uid).read_bytes() == TABLE
    assert [path.name for path in hub.parts.storage.results.iterdir()] == [f"{uid}.parquet"]


def test_completing_twice_is_completing_once(hub, port, uid, table):
    claimed = claim(port)
    port.put_table(claimed, table)
    port.complete(claimed, COMPLETION)
    ended_at = hub.analysis(uid).ended_at
    hub.clock.advance(1)
    port.complete(claimed, COMPLETION)
    assert hub.analysis(uid).ended_at == ended_at


def test_a_completed_analysis_takes_no_other_result(hub, port, uid, table):
    claimed = claim(port)
    port.put_table(claimed, table)
    port.complete(claimed, COMPLETION)
    with pytest.raises(GrimaceError, match="E_LEASE_LOST"):
        port.complete(claimed, COMPLETION.model_copy(update={"table_sha256": "1" * 64}))


def test_a_table_that_is_missing_or_changed_completes_nothing(hub, port, uid, table):
    claimed = claim(port)
    with pytest.raises(GrimaceError, match="no table"):
        port.complete(claimed, COMPLETION)
    table.write_bytes(b"another table")
    port.put_table(claimed, table)
    with pytest.raises(GrimaceError, match="no table"):
        port.complete(claimed, COMPLETION)
    assert hub.analysis(uid).state is AnalysisState.RUNNING


@pytest.mark.parametrize("content", [b"no table at all", table_made_at(2.0)])
def test_a_table_that_nobody_could_read_or_that_is_of_something_else_completes_nothing(hub, port, uid, table, content):
    claimed = claim(port)
    table.write_bytes(content)
    port.put_table(claimed, table)
    with pytest.raises(GrimaceError, match="the delivered table"):
        port.complete(claimed, COMPLETION.model_copy(update={"table_sha256": sha256_of_bytes(content)}))
    assert hub.analysis(uid).state is AnalysisState.RUNNING


def test_a_result_of_something_else_completes_nothing(port, uid, table):
    claimed = claim(port)
    table.write_bytes(table_made_at(2.0))
    port.put_table(claimed, table)
    other = Completion(table_sha256=sha256_of_file(table), summary=SUMMARY.model_copy(update={"rate": 2.0}))
    with pytest.raises(GrimaceError, match="the summary is of"):
        port.complete(claimed, other)


def test_a_worker_that_lost_its_lease_changes_nothing(hub, port, uid, table):
    late = claim(port)
    port.put_table(late, table)
    hub.let_leases_expire()
    now = claim(port)
    assert (now.attempt, now.fence != late.fence) == (2, True)
    for word in (
        lambda: port.progress(late, REPORT),
        lambda: port.put_table(late, table),
        lambda: port.complete(late, COMPLETION),
        lambda: port.fail(late, Failure(code="E_SCORING")),
        lambda: port.give_back(late),
    ):
        with pytest.raises(GrimaceError, match="E_LEASE_LOST"):
            word()
    port.progress(now, REPORT)
    assert hub.analysis(uid).state is AnalysisState.RUNNING


def test_a_table_that_a_vanished_worker_left_is_removed_with_the_result(hub, port, uid, table):
    port.put_table(claim(port), table)
    hub.let_leases_expire()
    again = claim(port)
    port.put_table(again, table)
    port.complete(again, COMPLETION)
    assert [path.name for path in hub.parts.storage.results.iterdir()] == [f"{uid}.parquet"]


def test_a_failure_is_tried_three_times_and_then_told(hub, port, uid):
    for attempt in (1, 2, 3):
        claimed = claim(port)
        assert claimed.attempt == attempt
        port.fail(claimed, Failure(code="E_SCORING", detail=f"attempt {attempt}"))
    row = hub.analysis(uid)
    assert (row.state, row.fault_code, row.fault_detail) == (AnalysisState.FAILED, "E_SCORING", "attempt 3")
    assert claim(port) is None


def test_a_final_failure_is_not_tried_again(hub, port, uid):
    claimed = claim(port)
    port.fail(claimed, Failure(code="E_BUILD_CHANGED", detail="x", final=True))
    port.fail(claimed, Failure(code="E_BUILD_CHANGED", detail="x", final=True))
    assert (hub.analysis(uid).state, hub.analysis(uid).attempt) == (AnalysisState.FAILED, 1)


def test_a_failure_of_a_newer_worker_is_kept_in_its_words(hub, port, uid):
    port.fail(claim(port), Failure(code="E_FROM_THE_FUTURE", detail="y" * 2000, final=True))
    row = hub.analysis(uid)
    assert (row.fault_code, row.fault_detail[:20]) == ("E_SCORING", "E_FROM_THE_FUTURE: y")


def test_workers_that_vanish_three_times_end_an_analysis(hub, port, uid):
    for _ in range(3):
        assert claim(port) is not None
        hub.let_leases_expire()
    row = hub.analysis(uid)
    assert (row.state, row.fault_code) == (AnalysisState.FAILED, "E_WORKER_CRASHED")
    assert "w stopped reporting in attempt 3" in row.fault_detail


def test_an_analysis_given_back_has_cost_no_attempt(hub, port, uid):
    port.give_back(claim(port))
    assert (hub.analysis(uid).state, hub.analysis(uid).attempt) == (AnalysisState.QUEUED, 0)
    assert claim(port).attempt == 1


def test_a_cancelled_analysis_ends_with_the_workers_next_word(hub, port, uid, table):
    claimed = claim(port)
    hub.cancel(uid)
    assert (hub.analysis(uid).state, hub.analysis(uid).cancel_requested) == (AnalysisState.RUNNING, True)
    for _ in range(2):
        with pytest.raises(GrimaceError, match="E_CANCELLED"):
            port.progress(claimed, REPORT)
    assert hub.analysis(uid).state is AnalysisState.CANCELLED
    with pytest.raises(GrimaceError, match="E_CANCELLED"):
        port.complete(claimed, COMPLETION)


def test_a_cancelled_analysis_whose_worker_vanished_is_cancelled(hub, port, uid):
    claim(port)
    hub.cancel(uid)
    hub.let_leases_expire()
    assert hub.analysis(uid).state is AnalysisState.CANCELLED


def test_an_interrupted_download_goes_on_where_it_broke_off(hub, uid, tmp_path):
    port = HttpPort(hub.url, hub.add_worker(), threading.Event())
    claimed = claim(port)

    def stop():
        raise Interrupted

    with pytest.raises(Interrupted):
        port.fetch(claimed, tmp_path, stop)
    (part,) = tmp_path.glob("*.part")
    assert part.stat().st_size > 0
    folder = port.fetch(claimed, tmp_path, never)
    assert all(sha256_of_file(folder / file.name) == file.sha256 for file in claimed.files)


def test_a_file_that_arrives_changed_is_refused(hub, uid, tmp_path):
    port = HttpPort(hub.url, hub.add_worker(), threading.Event())
    claimed = claim(port)
    stored = LocalPort(hub.parts).fetch(claimed, tmp_path, never) / "part-1.mp4"
    content = bytearray(stored.read_bytes())
    content[1000] ^= 1
    stored.write_bytes(content)
    with pytest.raises(GrimaceError, match="E_FILE_HASH"):
        port.fetch(claimed, tmp_path, never)
