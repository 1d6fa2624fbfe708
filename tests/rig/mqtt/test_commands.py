"""Which commands a rig takes from the broker, rule by rule, and what becomes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.agent.states import AgentPhase
from rig.mqtt.commands import NOT_LIGHTLY, Accepted, Circumstances, Ignored, Received, Refused, judge, read_command
from rig.mqtt.taken_ids import FILE_NAME, KEPT, TakenIds
from rig.mqtt.taking import CommandTaker
from shared.clock import ManualClock
from shared.faults import DISK_FULL, GrimaceError
from shared.messages import CommandMessage, Intervention, Marking, ReplyMessage
from tests.rig.screen.desk_in_memory import DeskInMemory

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
FORCED = {"force": True, "reason": "fire alarm"}


def command(**values: Any) -> CommandMessage:
    content = {"id": "c-1", "issued_at": NOON, "expires_at": NOON + timedelta(minutes=1), "issuer": "ada"}
    return CommandMessage.model_validate({**content, **values})


def circumstances(**values: Any) -> Circumstances:
    content = {"now": NOON, "clock_trusted": True, "phase": AgentPhase.IDLE, "allow_commands": True, "taken": ()}
    return Circumstances(**{**content, **values})


def payload(**values: Any) -> bytes:
    return command(**values).model_dump_json().encode()


# What is a command at all.


def test_a_retained_command_is_ignored_whatever_it_says():
    assert isinstance(read_command(Received("stop", payload(), retained=True)), Ignored)
    assert read_command(Received("stop", payload(), retained=False)) == command()


@given(content=st.binary(max_size=200))
def test_what_is_no_command_is_ignored(content: bytes):
    assert isinstance(read_command(Received("stop", content, retained=False)), Ignored)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "../../state"},
        {"id": ""},
        {"id": "a/b"},
        {"issuer": ""},
        {"expires_at": "2026-05-04T12:00:00"},
        {"schema_version": 2},
        {"surprise": 1},
    ],
)
def test_a_command_must_be_complete_and_have_a_name_that_fits_into_a_topic(wrong: dict[str, Any]):
    content = json.dumps({**json.loads(payload()), **wrong}).encode()
    assert isinstance(read_command(Received("stop", content, retained=False)), Ignored)


def test_a_huge_command_is_not_even_read():
    assert isinstance(read_command(Received("stop", payload(args={"text": "x" * 20_000}), retained=False)), Ignored)


# Which of them are carried out.


def test_a_repeated_command_is_ignored():
    assert isinstance(judge("start", command(), circumstances(taken={"c-1"})), Ignored)


def test_an_expired_command_is_refused_to_the_second():
    assert isinstance(judge("start", command(), circumstances(now=NOON + timedelta(seconds=59))), Accepted)
    late = judge("start", command(), circumstances(now=NOON + timedelta(seconds=60)))
    assert late == Refused("it expired at 2026-05-04 12:01:00 UTC")


def test_a_rig_that_does_not_know_the_time_takes_no_command():
    assert isinstance(judge("marker", command(args={"text": "x"}), circumstances(clock_trusted=False)), Refused)


def test_an_unknown_command_is_refused():
    assert judge("reboot", command(), circumstances()) == Refused("there is no command reboot")


@pytest.mark.parametrize(
    ("verb", "arguments"), [("start", {"duration_s": 5}), ("marker", {}), ("marker", {"text": ""}), ("stop", FORCED | {"x": 1})]
)
def test_arguments_that_the_command_does_not_have_are_refused(verb: str, arguments: dict[str, Any]):
    assert isinstance(judge(verb, command(args=arguments), circumstances()), Refused)


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_starting_and_stopping_needs_the_settings_leave_even_with_force(verb: str):
    refused = judge(verb, command(args=FORCED), circumstances(allow_commands=False))
    assert refused == Refused("the rig's settings do not allow it: allow_commands under [mqtt]")


def test_a_marker_needs_no_leave():
    taken = judge("marker", command(args={"text": "noise"}), circumstances(allow_commands=False, phase=AgentPhase.RECORDING))
    assert taken == Accepted(Marking(text="noise"))


@pytest.mark.parametrize("phase", list(AgentPhase))
@pytest.mark.parametrize("verb", ["start", "stop"])
def test_a_rig_in_use_is_started_or_stopped_only_by_force_and_with_a_reason(verb: str, phase: AgentPhase):
    def judged(**arguments: Any) -> type:
        return type(judge(verb, command(args=arguments), circumstances(phase=phase)))

    assert judged() is (Refused if phase in {AgentPhase.PREFLIGHT, AgentPhase.OPENING, AgentPhase.RECORDING} else Accepted)
    assert judged(force=True, reason="  ") is (Refused if phase in NOT_LIGHTLY else Accepted)
    assert judged(reason="fire alarm") is (Refused if phase in NOT_LIGHTLY else Accepted)
    assert judged(**FORCED) is Accepted


def test_the_first_rule_that_speaks_against_a_command_decides():
    judged = judge("start", command(), circumstances(allow_commands=False, phase=AgentPhase.RECORDING))
    assert judged == Refused("the rig's settings do not allow it: allow_commands under [mqtt]")
    assert judge("stop", command(args=FORCED), circumstances()) == Accepted(Intervention(force=True, reason="fire alarm"))


# What becomes of them.


class Taking:
    """A taker over a desk, both in memory but for the ids."""

    def __init__(self, folder: Path, *, synchronised: bool | None = True, confirmed: bool = False) -> None:
        self.desk = DeskInMemory.idle()
        self.clock = ManualClock(wall=NOON, is_synchronised=synchronised)
        self.taker = CommandTaker(self.desk, True, TakenIds(folder), lambda _command: confirmed, self.clock)

    def take(self, verb: str, **values: Any) -> ReplyMessage | None:
        return self.taker.take(Received(verb, payload(**values), retained=False))


def summary(reply: ReplyMessage | None) -> tuple[str, str] | None:
    return (reply.status.value, reply.code) if reply else None


def test_a_command_is_accepted_before_it_is_done(tmp_path: Path):
    taking = Taking(tmp_path)
    assert summary(taking.take("marker", args={"text": "noise"})) == ("accepted", "")
    assert taking.desk.asked == []
    assert summary(taking.taker.carry_out()) == ("done", "")
    assert taking.desk.asked == [("mark", ("noise", "mqtt:ada"))]
    assert taking.taker.carry_out() is None


def test_what_the_desk_refuses_has_failed_with_the_desks_fault(tmp_path: Path):
    taking = Taking(tmp_path)
    taking.take("start")
    failed = taking.taker.carry_out()
    assert summary(failed) == ("failed", "E_PREFLIGHT")
    assert failed is not None
    assert failed.phase_after == "idle"


def test_what_expired_while_the_line_to_the_broker_was_broken_is_not_done(tmp_path: Path):
    taking = Taking(tmp_path)
    taking.take("stop")
    taking.clock.advance(3600)
    assert summary(taking.taker.carry_out()) == ("failed", "W_COMMAND")
    assert taking.desk.asked == []


def test_a_recording_that_was_begun_since_a_stop_was_accepted_is_not_stopped_lightly(tmp_path: Path):
    taking = Taking(tmp_path)
    taking.take("stop")
    taking.desk.becomes(phase=AgentPhase.RECORDING)
    assert summary(taking.taker.carry_out()) == ("failed", "W_COMMAND")
    assert taking.desk.asked == []


def test_a_stop_whose_reason_cannot_be_noted_is_done_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    taking = Taking(tmp_path)

    def full(*_: str) -> None:
        raise GrimaceError(DISK_FULL)

    monkeypatch.setattr(taking.desk, "mark", full)
    taking.take("stop", args=FORCED)
    assert summary(taking.taker.carry_out()) == ("done", "")
    assert taking.desk.asked == [("stop", "mqtt:ada")]


def test_force_does_not_get_around_the_checks_before_a_recording(tmp_path: Path):
    taking = Taking(tmp_path)
    taking.desk.becomes(phase=AgentPhase.PREFLIGHT)
    assert summary(taking.take("start", args=FORCED)) == ("accepted", "")
    assert summary(taking.taker.carry_out()) == ("failed", "E_PREFLIGHT")
    assert taking.desk.snapshot().phase is AgentPhase.PREFLIGHT


@pytest.mark.parametrize(
    ("synchronised", "confirmed", "status"), [(None, False, "refused"), (False, False, "refused"), (False, True, "accepted")]
)
def test_a_rig_whose_clock_is_not_set_takes_what_the_hub_confirms(
    tmp_path: Path, synchronised: bool | None, confirmed: bool, status: str
):
    taking = Taking(tmp_path, synchronised=synchronised, confirmed=confirmed)
    reply = taking.take("marker", args={"text": "noise"})
    assert reply is not None
    assert reply.status == status


def test_a_refused_command_is_answered_once(tmp_path: Path):
    taking = Taking(tmp_path)
    assert summary(taking.take("reboot")) == ("refused", "W_COMMAND")
    assert taking.take("reboot") is None


def test_a_command_that_cannot_be_remembered_is_not_carried_out(tmp_path: Path):
    taking = Taking(tmp_path)
    (tmp_path / f"{FILE_NAME}.part").mkdir()
    assert summary(taking.take("marker", args={"text": "noise"})) == ("refused", "W_COMMAND")
    assert taking.taker.carry_out() is None
    assert taking.desk.asked == []


# What is remembered of them.


def test_ids_outlive_the_process(tmp_path: Path):
    TakenIds(tmp_path).add("c-1")
    assert "c-1" in TakenIds(tmp_path)
    assert "c-2" not in TakenIds(tmp_path)


def test_the_last_256_ids_are_known(tmp_path: Path):
    (tmp_path / FILE_NAME).write_text(json.dumps({"ids": [f"c-{number}" for number in range(KEPT)]}))
    TakenIds(tmp_path).add(f"c-{KEPT}")
    again = TakenIds(tmp_path)
    assert "c-0" not in again
    assert all(f"c-{number}" in again for number in range(1, KEPT + 1))


def test_a_damaged_file_is_begun_anew(tmp_path: Path):
    (tmp_path / FILE_NAME).write_text("{")
    ids = TakenIds(tmp_path)
    ids.add("c-1")
    assert "c-1" in TakenIds(tmp_path)
