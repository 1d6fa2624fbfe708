"""What a rig says over MQTT: topics and payloads under `grimace/v1/<rig_id>/`.

MQTT is for watching; the truth travels in the manifest over HTTP. Payloads are UTF-8 JSON, times in UTC, units in names. No
images, names of animals or people, or treatments are sent: a session is told by its id alone, which says nothing of the animal.
State is retained, events and commands never are: a retained command would be obeyed again at every restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, StringConstraints

from shared.documents import Document, SessionId, UtcTime
from shared.faults import Severity

TOPIC_ROOT = "grimace/v1"

ONLINE = "online"
OFFLINE = "offline"
"""The plain payloads of the availability topic; `offline` is the broker's last will for a rig that vanished."""

RigId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,32}$")]
CommandId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""The last level of its reply's topic."""


class Channel(StrEnum):
    """The last levels of a rig's topics."""

    AVAILABILITY = "availability"
    STATE = "state"
    HEALTH = "health"
    UPLOAD = "upload"
    ALERT = "alert"  # one topic a fault code; empty payload clears it
    EVENT = "event"
    COMMAND = "cmd"  # one topic a verb; only the hub writes here
    REPLY = "reply"  # one topic a command id


@dataclass(frozen=True)
class Delivery:
    """How a channel is published."""

    qos: int
    retain: bool


DELIVERY: Mapping[Channel, Delivery] = {
    Channel.AVAILABILITY: Delivery(qos=1, retain=True),
    Channel.STATE: Delivery(qos=1, retain=True),
    Channel.HEALTH: Delivery(qos=0, retain=True),
    Channel.UPLOAD: Delivery(qos=1, retain=True),
    Channel.ALERT: Delivery(qos=1, retain=True),
    Channel.EVENT: Delivery(qos=1, retain=False),
    Channel.COMMAND: Delivery(qos=1, retain=False),
    Channel.REPLY: Delivery(qos=1, retain=False),
}


def topic(rig_id: str, channel: Channel, leaf: str = "") -> str:
    """The topic of a channel of a rig; `leaf` is the alert's code, the command's verb or the reply's id."""
    return "/".join(filter(None, (TOPIC_ROOT, rig_id, channel.value, leaf)))


class Message(Document):
    """Base of what a rig says again and again. `seq` counts its messages: a hole means that some were left out."""

    schema_version: Literal[1] = 1
    ts: UtcTime
    boot_id: str
    seq: NonNegativeInt


class StateMessage(Message):
    """`state`: on change, and every 5 s while recording. Every number was observed, none is planned but `planned_s`."""

    phase: str
    session_id: SessionId | None = None
    planned_s: NonNegativeFloat | None = None
    elapsed_s: NonNegativeFloat = 0.0
    frames_expected: NonNegativeInt = 0
    frames_written: NonNegativeInt = 0
    frames_dropped: NonNegativeInt = 0
    longest_gap_ms: NonNegativeFloat = 0.0
    last_write_age_s: NonNegativeFloat | None = None
    bytes_written: NonNegativeInt = 0
    fau_visible: Annotated[int, Field(ge=0, le=4)] | None = None
    scorable_s: NonNegativeFloat | None = None
    clock_synced: bool | None = None
    faults: tuple[str, ...] = ()
    fault_text: str = ""
    """The same faults in plain words."""


class HealthMessage(Message):
    """`health`: every 30 s. None where the machine cannot tell."""

    cpu_temp_c: float | None = None
    throttled_now: tuple[str, ...] = ()
    throttled_since_boot: tuple[str, ...] = ()
    under_voltage_seen: bool = False
    load_1m: NonNegativeFloat
    mem_free_bytes: NonNegativeInt
    disk_free_bytes: NonNegativeInt
    record_minutes_left: NonNegativeFloat
    disk_wear_pct: NonNegativeFloat | None = None
    clock_offset_ms: float | None = None
    clock_source: str = ""
    camera_model: str = ""
    light_level: NonNegativeFloat | None = None
    """Mean luma of the face region, 0 to 255, at the newest face check."""
    sharpness: NonNegativeFloat | None = None
    """Variance of the Laplacian over the face region, at the newest face check."""
    sw_version: str
    config_hash: str = ""
    model_hash: str = ""
    uptime_s: NonNegativeFloat


class UploadMessage(Message):
    """`upload`: on change, and every 30 s while a session is on its way. Rates are in bits/s."""

    queued_sessions: NonNegativeInt
    queued_bytes: NonNegativeInt
    active_session: SessionId | None = None
    offset_bytes: NonNegativeInt = 0
    size_bytes: NonNegativeInt = 0
    rate_bps: NonNegativeFloat = 0.0
    cap_bps: NonNegativeFloat | None = None
    """The rate that is not exceeded at the moment; None without a cap."""
    eta_s: NonNegativeFloat | None = None
    oldest_unconfirmed_s: NonNegativeFloat | None = None
    last_confirmed_ts: UtcTime | None = None
    last_error_code: str | None = None
    next_try_ts: UtcTime | None = None


class AlertMessage(Message):
    """`alert/<code>`: retained while the fault lasts."""

    code: str
    severity: Severity
    since: UtcTime
    text: str
    what_to_do: str
    url: str = ""
    """Where more is to be read; empty when the rig knows no such page."""


class EventKind(StrEnum):
    SESSION_STARTED = "session_started"
    MARKER = "marker"
    SEGMENT_CLOSED = "segment_closed"
    GAP = "gap"
    SESSION_CLOSED = "session_closed"
    RECOVERED = "recovered"
    UPLOAD_CONFIRMED = "upload_confirmed"
    RESULT_READY = "result_ready"
    LOCAL_DELETED = "local_deleted"
    LEFT_OUT = "left_out"  # stands for the oldest events, when more happened than could be kept while the broker was away


class EventMessage(Message):
    """`event`: as it happens."""

    event_id: str
    mono_ns: NonNegativeInt
    kind: EventKind
    session_id: SessionId | None = None
    frame_index: NonNegativeInt | None = None
    data: dict[str, Any] = {}


class Verb(StrEnum):
    """What a rig may be told to do, the last level of a command's topic."""

    START = "start"  # what was planned and checked at the rig
    STOP = "stop"
    MARKER = "marker"


class CommandMessage(Document):
    """`cmd/<verb>`, from the hub. Ignored when retained, expired or repeated."""

    schema_version: Literal[1] = 1
    id: CommandId
    issued_at: UtcTime
    expires_at: UtcTime
    issuer: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    """Who asks; shown at the rig and kept in the session's events."""
    args: dict[str, Any] = {}


class Intervention(Document):
    """The arguments of `cmd/start` and `cmd/stop`."""

    force: bool = False
    """Do it although somebody works with the rig at the moment, or an animal is being recorded."""
    reason: Annotated[str, StringConstraints(max_length=300)] = ""
    """Why; needed with `force`."""


class Marking(Document):
    """The arguments of `cmd/marker`."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=300)]


class ReplyStatus(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"


class ReplyMessage(Document):
    """`reply/<id>`: what became of a command."""

    schema_version: Literal[1] = 1
    id: CommandId
    status: ReplyStatus
    code: str = ""
    text: str = ""
    phase_after: str = ""
