"""Completing an analysis: the delivered table is read and checked before the transaction that makes it the result.

A table may be large and the disk slow; SQLite's one write lock must not wait for them.
"""

from __future__ import annotations

from pathlib import Path

from hub.analyses import claims
from hub.context import Hub
from hub.results.table import TableInvalid, read_provenance
from hub.storage import Storage
from shared.api import Completion
from shared.faults import NOT_VALID, Fault, GrimaceError
from shared.hashing import sha256_of_file


def complete(hub: Hub, uid: str, fence: str, completion: Completion) -> Fault | None:
    """Call the analysis done, with the delivered table as its result; answers the fault that ends the work, if one does.

    Raises E_NOT_FOUND, E_LEASE_LOST, and E_NOT_VALID when no table of that hash was delivered, when it is no table of scores that
    this hub can read, or when it or the summary speaks of another analysis.
    """
    with hub.database.reading() as session:
        claims.held(session, uid, fence)  # the fence is ours from here on: it may become a file name
    delivered = _delivered_table(hub.storage, uid, fence, completion)
    with hub.database.writing() as session:
        return claims.complete(session, hub.storage, uid, fence, completion, delivered, hub.clock.now())


def _delivered_table(storage: Storage, uid: str, fence: str, completion: Completion) -> Path | None:
    """The delivered table, read again from our disk. It already has its final name when a commit failed after the renaming."""
    for path in (storage.received_table(uid, fence), storage.result_table(uid)):
        if path.is_file() and sha256_of_file(path) == completion.table_sha256:
            _check_table(path, completion)
            return path
    return None


def _check_table(path: Path, completion: Completion) -> None:
    """A result never changes again: one that nobody can read must not become it."""
    try:
        made = read_provenance(path)
    except TableInvalid as error:
        raise GrimaceError(NOT_VALID, f"the delivered table: {error}") from error
    summary = completion.summary
    if (made.build, made.rate, made.subject_type) != (summary.build, summary.rate, summary.subject_type):
        raise GrimaceError(NOT_VALID, f"the delivered table is of {made.build} at {made.rate}/s for {made.subject_type}")
