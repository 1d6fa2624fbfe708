"""A message as the broker gets it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.documents import Document
from shared.messages import DELIVERY, Channel, Delivery, topic


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Topic, bytes and manner of one message."""

    topic: str
    payload: bytes
    delivery: Delivery


def outgoing(rig_id: str, channel: Channel, content: Document | str, leaf: str = "") -> Outgoing:
    """What goes out on a rig's channel; `leaf` as in `shared.messages.topic`. Empty text removes what the broker retains."""
    text = content if isinstance(content, str) else content.model_dump_json()
    return Outgoing(topic(rig_id, channel, leaf), text.encode(), DELIVERY[channel])
