"""What is to be encoded, asked for in one thread and carried out in the camera's."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from rig.camera.backend import PacketSink, RecordedSoFar

STOP_WAIT_S = 5.0


@dataclass(frozen=True)
class EncodingOrder:
    """What `start_encoder` asked for. The camera's thread sets `begun` before the first packet and `ended` after the last."""

    sink: PacketSink
    so_far: RecordedSoFar | None
    begun: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class EncodingOrders:
    """At most one order holds at a time."""

    def __init__(self) -> None:
        self._order: EncodingOrder | None = None
        self._lock = threading.Lock()

    def place(self, sink: PacketSink, so_far: RecordedSoFar | None) -> None:
        with self._lock:
            self._order = EncodingOrder(sink, so_far)

    def withdraw(self, camera: threading.Thread) -> None:
        """Returns when the camera's thread, if it lives, has delivered the order's last packet."""
        with self._lock:
            order, self._order = self._order, None
        if order is not None and order.begun.is_set() and camera.is_alive():
            order.ended.wait(STOP_WAIT_S)

    def current(self) -> EncodingOrder | None:
        """For the camera's thread, which carries it out from now on."""
        with self._lock:
            if self._order is not None:
                self._order.begun.set()
            return self._order
