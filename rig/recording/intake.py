"""Between the camera's thread, which must never wait, and the writer's thread, which waits for the disk."""

from __future__ import annotations

import threading
from collections import deque

from rig.camera.backend import EncodedPacket, FrameInfo
from rig.recording.events import Event
from shared.face_check import FaceObservation

Item = FrameInfo | EncodedPacket | Event | FaceObservation


class Intake:
    """A queue that loses packets, never time, when the disk does not keep up.

    Packets are bounded. When one does not fit, it and all packets up to the next key frame are lost and counted: without it they
    could not be decoded. Frames' ledger lines, face checks and events are small and always pass: the first of them are what the
    loss is counted with.
    """

    def __init__(self, packet_limit: int) -> None:
        self._packet_limit = packet_limit
        self._items: deque[Item] = deque()
        self._packets = 0
        self._waits_for_key_frame = True
        self._lost_packets = 0
        self._ended = False
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        with self._changed:
            if self._ended:
                return
            if isinstance(item, EncodedPacket):
                if not self._admits(item):
                    return
                self._packets += 1
            self._items.append(item)
            self._changed.notify_all()

    def _admits(self, packet: EncodedPacket) -> bool:
        if self._waits_for_key_frame and not packet.key_frame:
            self._lost_packets += 1
            return False
        if self._packets >= self._packet_limit:
            self._waits_for_key_frame = True
            self._lost_packets += 1
            return False
        self._waits_for_key_frame = False
        return True

    def take(self, timeout_s: float) -> Item | None:
        """The oldest item, or None when nothing came in time or everything has been taken after `end`."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._items) or self._ended, timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            if isinstance(item, EncodedPacket):
                self._packets -= 1
                self._changed.notify_all()
            return item

    def wait_for_room(self, timeout_s: float) -> bool:
        """Whether a packet fits, after waiting for it if need be; also when nothing will be taken any more."""
        with self._changed:
            return self._changed.wait_for(lambda: self._packets < self._packet_limit or self._ended, timeout_s)

    def take_lost_count(self) -> int:
        """How many packets were lost since the last call; 0 while they still are, so that one loss is told once."""
        with self._changed:
            if self._waits_for_key_frame and not self._ended:
                return 0
            count, self._lost_packets = self._lost_packets, 0
            return count

    def end(self) -> None:
        """Nothing comes any more; what is in the queue can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def exhausted(self) -> bool:
        """Ended and empty."""
        with self._changed:
            return self._ended and not self._items
