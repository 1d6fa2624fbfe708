"""Orders to fail: told to a simulated camera while it films, through a local socket in the data folder."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import zmq
from pydantic import PositiveInt, ValidationError

from rig.camera.simulated.faults import FaultBook, SimulatedFault
from rig.control import ANSWER_WITHIN_S, simulated_camera_address
from shared.documents import Document
from shared.faults import NOT_VALID, RIG_NOT_RUNNING, GrimaceError

log = logging.getLogger(__name__)


class FaultOrder(Document):
    """Fail in this way, for so many frames; without a fault, be a good camera again."""

    fault: SimulatedFault | None
    count: PositiveInt | None = None


class OrderAnswer(Document):
    """`refused` says why not."""

    refused: str = ""


class OrderTaker:
    """The camera's end: a thread that writes orders into the book for as long as the process lives."""

    def __init__(self, data_folder: Path, faults: FaultBook) -> None:
        self._faults = faults
        self._socket: zmq.Socket[bytes] = zmq.Context().socket(zmq.REP)
        self._socket.bind(simulated_camera_address(data_folder))
        self._thread = threading.Thread(target=self._serve, name="fault-orders", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        while True:
            self._socket.send(self._answer(self._socket.recv()).model_dump_json().encode())

    def _answer(self, request: bytes) -> OrderAnswer:
        try:
            order = FaultOrder.model_validate_json(request)
        except ValidationError as error:
            return OrderAnswer(refused=str(error))
        if order.fault is None:
            self._faults.call_off()
            log.warning("simulated faults are called off")
        else:
            self._faults.order(order.fault, order.count)
            log.warning("simulated fault: %s", order.fault.value)
        return OrderAnswer()


def order_fault(data_folder: Path, order: FaultOrder) -> None:
    """Have the simulated camera over this data folder obey; raises GrimaceError (E_RIG_DOWN when there is none)."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    with context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, round(ANSWER_WITHIN_S * 1000))
        socket.connect(simulated_camera_address(data_folder))
        socket.send(order.model_dump_json().encode())
        try:
            answer = OrderAnswer.model_validate_json(socket.recv())
        except zmq.Again as error:
            raise GrimaceError(RIG_NOT_RUNNING, f"no simulated camera answers in {data_folder}") from error
    if answer.refused:
        raise GrimaceError(NOT_VALID, answer.refused)
