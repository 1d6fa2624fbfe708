"""How Home Assistant learns of a rig: one retained message that describes a device and its entities.

Source: Home Assistant's MQTT documentation, "Device discovery" (since 2024.11); keys are its abbreviations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rig.agent.states import AgentPhase
from rig.mqtt.outgoing import Outgoing
from shared.messages import OFFLINE, ONLINE, Channel, Delivery, topic

STATUS_TOPIC = "homeassistant/status"
"""Where Home Assistant says `online` when it has (re)started and wants to be told everything again."""

MAKER = "grimace-rig"
LONGEST_STATE = 255
"""Characters; Home Assistant takes no longer text for the state of an entity."""

Component = dict[str, Any]


@dataclass(frozen=True)
class Device:
    """What is said of the rig itself."""

    rig_id: str
    software_version: str
    camera_model: str = ""
    serial_number: str = ""
    page_url: str = ""
    """The hub that the rig uploads to."""


def discovery_message(device: Device) -> Outgoing:
    """The retained message that makes the rig appear."""
    content = json.dumps(discovery_document(device), ensure_ascii=False)
    return Outgoing(f"homeassistant/device/{device.rig_id}/config", content.encode(), Delivery(qos=1, retain=True))


def discovery_document(device: Device) -> dict[str, Any]:
    """Device, origin, availability and components."""
    identifier = f"grimace_{device.rig_id}"
    return {
        "dev": _without_empty(
            ids=[identifier],
            name=f"Grimace rig {device.rig_id}",
            mf=MAKER,
            mdl=f"Rig with {device.camera_model}" if device.camera_model else "Rig",
            sw=device.software_version,
            sn=device.serial_number,
            cu=device.page_url,
        ),
        "o": _without_empty(name=MAKER, sw=device.software_version, url=device.page_url),
        "avty": [{"t": topic(device.rig_id, Channel.AVAILABILITY), "pl_avail": ONLINE, "pl_not_avail": OFFLINE}],
        "cmps": {name: {**entity, "uniq_id": f"{identifier}_{name}"} for name, entity in _components(device.rig_id).items()},
    }


def _components(rig_id: str) -> dict[str, Component]:
    state, health, upload = (topic(rig_id, channel) for channel in (Channel.STATE, Channel.HEALTH, Channel.UPLOAD))
    return {
        "recording": _binary_sensor("Recording", state, "value_json.phase == 'recording'", "running"),
        "phase": _sensor("Phase", state, "value_json.phase", dev_cla="enum", options=[phase.value for phase in AgentPhase]),
        "faus": _measurement("Facial action units visible", state, "fau_visible", "FAUs"),
        "dropped": _measurement("Frames dropped", state, "frames_dropped", "frames"),
        "disk": _measurement("Disk free", health, "disk_free_bytes", "B", dev_cla="data_size"),
        "temperature": _measurement("Processor", health, "cpu_temp_c", "°C", dev_cla="temperature"),
        "queue": _measurement("Sessions to upload", upload, "queued_sessions", "sessions"),
        "problem": _binary_sensor("Problem", state, "value_json.faults", "problem"),
        "fault": _sensor("Fault", state, f"(value_json.fault_text or 'none')[:{LONGEST_STATE}]"),
    }


def _measurement(name: str, state_topic: str, field: str, unit: str, **more: Any) -> Component:
    return _sensor(name, state_topic, f"value_json.{field}", stat_cla="measurement", unit_of_meas=unit, **more)


def _sensor(name: str, state_topic: str, expression: str, **more: Any) -> Component:
    return {"p": "sensor", "name": name, "stat_t": state_topic, "val_tpl": f"{{{{ {expression} }}}}", **more}


def _binary_sensor(name: str, state_topic: str, condition: str, device_class: str) -> Component:
    template = f"{{{{ 'ON' if {condition} else 'OFF' }}}}"
    return {"p": "binary_sensor", "name": name, "stat_t": state_topic, "val_tpl": template, "dev_cla": device_class}


def _without_empty(**entries: Any) -> dict[str, Any]:
    return {key: entry for key, entry in entries.items() if entry}
