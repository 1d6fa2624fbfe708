"""Takes the broker's commands: judges each, remembers it for good, has the desk do it, and says what became of it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass

from rig.agent.desk import Desk
from rig.mqtt.commands import Accepted, Circumstances, Ignored, Received, Refused, judge, read_command
from rig.mqtt.taken_ids import TakenIds
from shared.clock import Clock
from shared.faults import COMMAND_IGNORED, GrimaceError
from shared.messages import CommandMessage, Intervention, Marking, ReplyMessage, ReplyStatus, Verb

log = logging.getLogger(__name__)

Confirm = Callable[[CommandMessage], bool]
"""Asks the hub over HTTP whether it sent this command: what a rig whose clock is not set has to rely on."""


@dataclass(frozen=True)
class _Order:
    verb: Verb
    command: CommandMessage
    arguments: Intervention | Marking

    @property
    def issuer(self) -> str:
        """As the session's events show it."""
        return f"mqtt:{self.command.issuer}"


class CommandTaker:
    """Used by one thread: first `take` a command, then tell its sender, then `carry_out`, so that nothing happens unannounced."""

    def __init__(self, desk: Desk, allow_commands: bool, taken: TakenIds, confirm: Confirm, clock: Clock) -> None:
        self._desk = desk
        self._allow_commands = allow_commands
        self._taken = taken
        self._confirm = confirm
        self._clock = clock
        self._orders: deque[_Order] = deque()

    def take(self, received: Received) -> ReplyMessage | None:
        """Judge a command, and keep it for `carry_out` if it is accepted. None when it is ignored."""
        command = read_command(received)
        if isinstance(command, Ignored):
            log.warning("%s: command %s: %s", COMMAND_IGNORED.code, received.verb, command.why)
            return None
        judgement = judge(received.verb, command, self._circumstances(command, self._taken))
        if isinstance(judgement, Ignored):
            log.warning("%s: command %s %s: %s", COMMAND_IGNORED.code, received.verb, command.id, judgement.why)
            return None
        try:
            self._taken.add(command.id)
        except OSError as error:
            log.exception("command %s is refused, for it could not be remembered", command.id)
            return self._reply(command, ReplyStatus.REFUSED, COMMAND_IGNORED.code, f"the rig cannot remember it: {error}")
        if isinstance(judgement, Accepted):
            self._orders.append(_Order(Verb(received.verb), command, judgement.arguments))
            return self._reply(command, ReplyStatus.ACCEPTED)
        log.warning("%s: command %s of %s: %s", COMMAND_IGNORED.code, received.verb, command.issuer, judgement.why)
        return self._reply(command, ReplyStatus.REFUSED, COMMAND_IGNORED.code, judgement.why)

    def carry_out(self) -> ReplyMessage | None:
        """Have the oldest accepted command done; None when there is none.

        It is judged once more: when the line to the broker broke in between, hours may have passed, and the animal is another.
        """
        if not self._orders:
            return None
        order = self._orders.popleft()
        now = judge(order.verb, order.command, self._circumstances(order.command, taken=()))
        if isinstance(now, Refused):
            log.warning("%s: %s: %s", order.issuer, order.verb.value, now.why)
            return self._reply(order.command, ReplyStatus.FAILED, COMMAND_IGNORED.code, now.why)
        log.info("%s: %s (%s)", order.issuer, order.verb.value, order.command.id)
        try:
            self._do(order)
        except GrimaceError as error:
            log.warning("%s: %s: %s", order.issuer, order.verb.value, error)
            return self._reply(order.command, ReplyStatus.FAILED, error.fault.code, error.fault.text)
        return self._reply(order.command, ReplyStatus.DONE)

    def _do(self, order: _Order) -> None:
        match order.verb, order.arguments:
            case Verb.MARKER, Marking(text=text):
                self._desk.mark(text, order.issuer)
            case Verb.START, _:
                self._desk.start(order.issuer)
            case Verb.STOP, Intervention(reason=reason):
                if reason.strip():
                    self._note(f"stopped from afar: {reason.strip()}", order.issuer)
                self._desk.stop(order.issuer)

    def _note(self, text: str, issuer: str) -> None:
        """Why it ended early belongs into the session; without that note it ends all the same."""
        try:
            self._desk.mark(text, issuer)
        except GrimaceError as error:
            log.warning("%s: %r is not in the session: %s", issuer, text, error)

    def _circumstances(self, command: CommandMessage, taken: Container[str]) -> Circumstances:
        return Circumstances(
            now=self._clock.now(),
            clock_trusted=self._clock.synchronised() is True or self._confirm(command),
            phase=self._desk.snapshot().phase,
            allow_commands=self._allow_commands,
            taken=taken,
        )

    def _reply(self, command: CommandMessage, status: ReplyStatus, code: str = "", text: str = "") -> ReplyMessage:
        phase = self._desk.snapshot().phase.value
        return ReplyMessage(id=command.id, status=status, code=code, text=text, phase_after=phase)
