"""The inference child and the folder a worker works in."""

import os
import signal
import threading

import pytest

from hub.worker.inference import InferenceProcess
from hub.worker.messages import Finished, Job
from hub.worker.port import Interrupted
from hub.worker.process import WorkFolderTaken, own_folder
from shared.api import Failure
from shared.hashing import sha256_of_file
from tests.hub.analyses.analysis_hub import BUILD
from tests.sealed_sessions import seal_session


@pytest.fixture
def inference():
    process = InferenceProcess()
    yield process
    process.close()


def job(folder, *, build=BUILD, frames=30, rate=1.0):
    session = seal_session(folder, frames=frames)
    table = folder / "scores.parquet"
    return Job(session, table, build, builds_folder=None, rate=rate, subject_type="c57bl/6", threads=1)


def go_on():
    """A check that lets everything go on."""


def ignore(_done, _planned):
    """Nobody looks at the progress."""


def test_a_job_ends_with_the_table_and_its_hash(inference, tmp_path):
    asked, seen = job(tmp_path, frames=90), []
    outcome = inference.analyse(asked, lambda done, planned: seen.append((done, planned)), go_on)
    assert isinstance(outcome, Finished)
    assert outcome.table_sha256 == sha256_of_file(asked.table)
    assert (seen[0], seen[-1]) == ((0, 3), (3, 3))


def test_one_child_does_many_jobs(inference, tmp_path):
    asked = job(tmp_path)
    inference.analyse(asked, ignore, go_on)
    first = inference.pid
    inference.analyse(asked, ignore, go_on)
    assert inference.pid == first


def test_a_build_that_is_not_there_is_a_final_failure(inference, tmp_path):
    outcome = inference.analyse(job(tmp_path, build="no-such-build"), ignore, go_on)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.final) == ("E_BUILD_UNKNOWN", True)


def test_a_child_that_dies_is_named_and_replaced(inference, tmp_path):
    asked = job(tmp_path, frames=60, rate=30.0)

    def kill(done, _planned):
        os.kill(inference.pid, signal.SIGKILL)

    outcome = inference.analyse(asked, kill, go_on)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.final, "SIGKILL" in outcome.detail) == ("E_WORKER_CRASHED", False, True)
    assert isinstance(inference.analyse(asked, ignore, go_on), Finished)


def test_an_interruption_ends_the_child_at_once(inference, tmp_path):
    begun = threading.Event()

    def check():
        if begun.is_set():
            raise Interrupted

    with pytest.raises(Interrupted):
        inference.analyse(job(tmp_path, frames=90, rate=30.0), lambda _done, _planned: begun.set(), check)
    assert inference.pid is None


def test_a_child_that_reports_nothing_for_too_long_is_given_up(tmp_path):
    impatient = InferenceProcess(stalled_after_s=0.05)
    outcome = impatient.analyse(job(tmp_path), ignore, go_on)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.detail) == ("E_SCORING", "no progress within 0.05 s")
    assert impatient.pid is None


def test_two_workers_do_not_share_a_folder(tmp_path):
    with own_folder(tmp_path), pytest.raises(WorkFolderTaken, match="another worker works in"), own_folder(tmp_path):
        pass


def test_what_a_killed_worker_left_is_cleared(tmp_path):
    (tmp_path / "analysis-abc").mkdir()
    (tmp_path / "analysis-abc" / "part-1.mp4").write_bytes(b"left over")
    (tmp_path / "notes.txt").write_bytes(b"somebody's")
    with own_folder(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "worker.lock"}
