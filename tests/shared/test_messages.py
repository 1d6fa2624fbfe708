"""What watchers of a rig may rely on."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from shared.messages import DELIVERY, Channel, StateMessage, topic

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_topic_names_rig_channel_and_leaf():
    assert topic("rig-1", Channel.STATE) == "grimace/v1/rig-1/state"
    assert topic("rig-1", Channel.ALERT, "E_DISK_FULL") == "grimace/v1/rig-1/alert/E_DISK_FULL"


def test_commands_replies_and_events_are_never_retained():
    assert not any(DELIVERY[channel].retain for channel in (Channel.COMMAND, Channel.REPLY, Channel.EVENT))


def test_every_channel_says_how_it_is_delivered():
    assert set(DELIVERY) == set(Channel)


def test_a_state_cannot_carry_a_field_that_the_schema_does_not_know():
    with pytest.raises(ValidationError, match="animal"):
        StateMessage(ts=NOON, boot_id="b", seq=1, phase="idle", animal="m-12")


def test_a_message_survives_the_wire():
    sent = StateMessage(ts=NOON, boot_id="b", seq=1, phase="recording", frames_written=900)
    assert StateMessage.model_validate_json(sent.model_dump_json()) == sent
