"""The states of a session on its way to the hub, and the only ways from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a sealed session stands."""

    QUEUED = "queued"  # found; nothing was sent
    ANNOUNCING = "announcing"  # its files have the hashes of the manifest; the hub is being told of it
    UPLOADING = "uploading"  # the hub expects its files
    AWAITING_RECEIPT = "awaiting_receipt"  # every byte arrived; the hub verifies
    CONFIRMED = "confirmed"  # the hub's receipt names the same files with the same hashes
    QUARANTINED = "quarantined"  # a file is not what was sealed: not sent, not deleted
    REFUSED = "refused"  # the hub will not have it: not sent again, not deleted
    DELETED = "deleted"  # removed from the rig after its receipt; the receipt is kept


WAITING = frozenset({State.QUEUED, State.ANNOUNCING, State.UPLOADING, State.AWAITING_RECEIPT})
"""The uploader works on these by itself."""

STOPPED = frozenset({State.QUARANTINED, State.REFUSED})
"""These wait for a person."""

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.ANNOUNCING}) | STOPPED,
    State.ANNOUNCING: frozenset({State.UPLOADING}) | STOPPED,
    # back to announcing: the hub does not know the session any more
    State.UPLOADING: frozenset({State.AWAITING_RECEIPT, State.ANNOUNCING}) | STOPPED,
    # back to uploading: the hub found a file damaged and wants it again
    State.AWAITING_RECEIPT: frozenset({State.CONFIRMED, State.UPLOADING, State.ANNOUNCING}) | STOPPED,
    State.CONFIRMED: frozenset({State.DELETED}),
    State.QUARANTINED: frozenset({State.QUEUED}),
    State.REFUSED: frozenset({State.QUEUED}),
    State.DELETED: frozenset(),
}


class NoSuchTransition(ValueError):
    """A change of state that the outbox does not know."""


def check_transition(before: State, after: State) -> None:
    """Raise NoSuchTransition unless a session may go from `before` to `after`."""
    if after not in TRANSITIONS[before]:
        raise NoSuchTransition(f"{before} -> {after}")
