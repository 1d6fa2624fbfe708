"""Keeps the tables of `docs/watch-rigs-over-mqtt.md` as the software has them: `python docs/mqtt_tables.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rig.agent.states import AgentPhase
from rig.mqtt.commands import NOT_LIGHTLY
from rig.mqtt.publisher import HEALTH_EVERY_S, STATE_EVERY_S, UPLOAD_EVERY_S
from shared.documents import Document
from shared.messages import (
    DELIVERY,
    TOPIC_ROOT,
    AlertMessage,
    Channel,
    CommandMessage,
    EventKind,
    EventMessage,
    HealthMessage,
    Intervention,
    Marking,
    ReplyMessage,
    StateMessage,
    UploadMessage,
    Verb,
)

PAGE = Path(__file__).parent / "watch-rigs-over-mqtt.md"

OCCASIONS: Mapping[Channel, tuple[str, str, type[Document] | None]] = {
    Channel.AVAILABILITY: ("", "connected, ended, or vanished (the broker says it then)", None),
    Channel.STATE: ("", f"on change, and every {STATE_EVERY_S:g} s while recording", StateMessage),
    Channel.HEALTH: ("", f"every {HEALTH_EVERY_S:g} s", HealthMessage),
    Channel.UPLOAD: ("", f"on change, and every {UPLOAD_EVERY_S:g} s while a session is on its way", UploadMessage),
    Channel.ALERT: ("/<code>", "while something is wrong; empty when it is over", AlertMessage),
    Channel.EVENT: ("", "as it happens", EventMessage),
    Channel.COMMAND: ("/<verb>", "to the rig; only the hub's account may", CommandMessage),
    Channel.REPLY: ("/<id>", "what became of the command with this id", ReplyMessage),
}

ARGUMENTS: Mapping[Verb, tuple[type[Document], str]] = {
    Verb.START: (Intervention, "Begins what a person planned and checked at the rig; nothing else can be started from afar."),
    Verb.STOP: (Intervention, "Ends the recording and seals it. The reason goes into the session as a marker."),
    Verb.MARKER: (Marking, "Puts a marker into the recording at this moment."),
}


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (headings, ["---"] * len(headings), *rows))


def topics() -> str:
    """Every topic of a rig, how it is published, and its fields."""
    rows = []
    for channel, (leaf, occasion, content) in OCCASIONS.items():
        delivery = DELIVERY[channel]
        fields = "plain `online` or `offline`" if content is None else ", ".join(f"`{name}`" for name in content.model_fields)
        rows.append([f"`{channel.value}{leaf}`", "yes" if delivery.retain else "no", str(delivery.qos), occasion, fields])
    return f"Below `{TOPIC_ROOT}/<rig_id>/`:\n\n" + table(["Topic", "Retained", "QoS", "When", "Fields"], rows)


def values() -> str:
    """What `phase` and `kind` may say."""
    phases = ", ".join(f"`{phase.value}`" for phase in AgentPhase)
    kinds = ", ".join(f"`{kind.value}`" for kind in EventKind)
    return f"`phase` is one of {phases}.\n`kind` is one of {kinds}."


def commands() -> str:
    """Every verb, its arguments, and in which phases it needs force."""
    rows = [
        [f"`cmd/{verb.value}`", ", ".join(f"`{name}`" for name in arguments.model_fields), meaning]
        for verb, (arguments, meaning) in ARGUMENTS.items()
    ]
    phases = ", ".join(f"`{phase.value}`" for phase in AgentPhase if phase in NOT_LIGHTLY)
    needing = f"In the phases {phases}, `start` and `stop` need `force` and a `reason`."
    return table(["Topic", "`args`", "What it does"], rows) + "\n\n" + needing


TABLES = {"topics": topics, "values": values, "commands": commands}


def with_tables(page: str) -> str:
    """The page with the tables made anew."""
    for name, make in TABLES.items():
        page = re.sub(rf"(<!-- {name}: .*? -->\n).*?(<!-- end -->)", rf"\g<1>{make()}\n\g<2>", page, flags=re.DOTALL)
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
