"""The inference child: one process that stays warm, does one analysis at a time, and may be killed at any moment.

`python -m hub.worker.child FD` reads jobs from the connection on that file descriptor and answers on it. It is a program of its
own, not a fork: GPU drivers and threads do not survive a fork, and a spawned copy would import the parent's whole command line.
"""

from __future__ import annotations

import logging
import signal
import sys
from multiprocessing.connection import Connection

from hub.results.table import write_table
from hub.scoring.analysis import analyse_session
from hub.worker.messages import Advanced, Finished, Job
from shared import faults
from shared.api import Failure
from shared.builds import open_build
from shared.faults import GrimaceError
from shared.logs import configure_logging

log = logging.getLogger(__name__)

FINAL_FAULTS = frozenset(
    {
        faults.BUILD_UNKNOWN,
        faults.BUILD_CHANGED,
        faults.BUILD_INVALID,
        faults.SUBJECT_TYPE_UNSUPPORTED,
        faults.NOT_VALID,
        faults.VIDEO_EMPTY,
        faults.VIDEO_UNREADABLE,
        faults.VIDEO_NO_FRAMES,
        faults.MANIFEST_MISMATCH,
        faults.LEDGER_MISMATCH,
    }
)
"""What the same session and build would meet again."""


def analyse(job: Job, connection: Connection) -> Finished | Failure:
    """Do one job, reporting every batch. BrokenPipeError when the parent is gone goes on to the caller."""
    try:
        build = open_build(job.build, job.builds_folder)
        scored = analyse_session(
            job.recording,
            build,
            job.rate,
            job.subject_type,
            lambda done, planned: connection.send(Advanced(done, planned)),
            job.threads,
        )
        return Finished(write_table(scored.table, job.table), scored.summary)
    except GrimaceError as error:
        return Failure(code=error.fault.code, detail=error.detail, final=error.fault in FINAL_FAULTS)
    except BrokenPipeError:
        raise
    except Exception as error:
        log.exception("scoring failed")
        return Failure(code=faults.SCORING_FAILED.code, detail=f"{type(error).__name__}: {error}")


def serve(connection: Connection) -> None:
    """Do jobs until the parent hangs up, however it ended."""
    try:
        while True:
            connection.send(analyse(connection.recv(), connection))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def main() -> None:
    configure_logging()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they reach the whole group; the parent decides what becomes of us
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
