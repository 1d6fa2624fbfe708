"""Events and replies that wait for the broker, so many and no more: what is too much is summed up, oldest first."""

from __future__ import annotations

import threading
from collections import Counter

from shared.messages import EventKind, EventMessage, ReplyMessage

ROOM = 500
"""Some days of recordings; what a rig whose broker is away for longer did, its manifests tell."""

Said = EventMessage | ReplyMessage


def summed_up(summary: EventMessage | None, oldest: EventMessage) -> EventMessage:
    """The event that stands for those left out: how many of which kind, and from when to when."""
    counts = Counter(summary.data["events"] if summary else {}) + Counter([oldest.kind.value])
    first = summary.data["first_ts"] if summary else oldest.ts.isoformat()
    return EventMessage(
        ts=oldest.ts,
        boot_id=oldest.boot_id,
        seq=oldest.seq,
        event_id=f"to-{oldest.event_id}",
        mono_ns=oldest.mono_ns,
        kind=EventKind.LEFT_OUT,
        data={"events": dict(counts), "first_ts": first, "last_ts": oldest.ts.isoformat()},
    )


class Spool:
    """Keeps each message until the broker has acknowledged it. Any thread may add."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._messages: dict[int, Said] = {}
        self._summary: tuple[int, EventMessage] | None = None
        self._last_key = 0
        self._lock = threading.Lock()

    def add(self, message: Said) -> None:
        with self._lock:
            if len(self._messages) >= self._room:
                oldest = self._messages.pop(next(iter(self._messages)))
                if isinstance(oldest, EventMessage):
                    self._summary = self._new_key(), summed_up(self._summary[1] if self._summary else None, oldest)
            self._messages[self._new_key()] = message

    def waiting(self) -> dict[int, Said]:
        """What is to be sent, the summary first, then oldest first; each under a key for `delivered`."""
        with self._lock:
            return dict([self._summary] if self._summary else []) | self._messages

    def delivered(self, key: int) -> None:
        """The broker has it. A summary that grew meanwhile has another key, and stays."""
        with self._lock:
            self._messages.pop(key, None)
            if self._summary and self._summary[0] == key:
                self._summary = None

    def _new_key(self) -> int:
        self._last_key += 1
        return self._last_key
