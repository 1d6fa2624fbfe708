"""The board: holds what the agent knows and what it shows, and lets others wait for a change. Safe to use from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rig.agent.facts import Facts
from rig.agent.showing import Identity, snapshot_of
from rig.agent.snapshot import RigSnapshot
from shared.clock import NANOSECONDS, Clock

CHANGES_PER_S = 20
"""More than ever happen: the numbers of a restarted agent are larger than those of the one before, within one boot."""


class Board:
    """See the module. Its snapshot's `seq` grows with every change of what is shown, also over restarts of the agent."""

    def __init__(self, facts: Facts, identity: Identity, clock: Clock) -> None:
        self._facts = facts
        self._identity = identity
        self._clock = clock
        self._changed = threading.Condition()
        first = clock.monotonic_ns() * CHANGES_PER_S // NANOSECONDS
        self._snapshot = self._show(first)

    @property
    def facts(self) -> Facts:
        with self._changed:
            return self._facts

    def snapshot(self) -> RigSnapshot:
        with self._changed:
            return self._snapshot

    def wait_for_change(self, after_seq: int, timeout_s: float) -> RigSnapshot:
        """The snapshot as soon as its `seq` is larger, or after the time-out."""
        with self._changed:
            self._changed.wait_for(lambda: self._snapshot.seq > after_seq, timeout_s)
            return self._snapshot

    def update(self, change: Callable[[Facts], Facts]) -> Facts:
        """Let `change` make new facts of the present ones, and show them; returns them. Nothing changes when it raises."""
        with self._changed:
            self._facts = change(self._facts)
            fresh = self._show(self._snapshot.seq)
            if fresh.model_copy(update={"at": self._snapshot.at}) != self._snapshot:
                self._snapshot = fresh.model_copy(update={"seq": self._snapshot.seq + 1})
                self._changed.notify_all()
            return self._facts

    def _show(self, seq: int) -> RigSnapshot:
        return snapshot_of(self._facts, self._identity, self._clock.now(), self._clock.monotonic_ns(), seq)
