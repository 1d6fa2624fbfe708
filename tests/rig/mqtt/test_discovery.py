"""A rig appears in Home Assistant: its own schemas take the message, and its own templates show the right things."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rig.agent.snapshot import Health, RigSnapshot
from rig.agent.states import AgentPhase
from rig.mqtt.discovery import Device, discovery_document, discovery_message
from rig.mqtt.payloads import Stamp, health_message, state_message, upload_message
from shared.documents import BuildReference
from shared.face_check import FaceObservation
from shared.faults import Severity
from shared.grimace import Fau
from shared.messages import Channel, topic
from tests.rig.mqtt.looks import NOON, PLAN, alert, queue_of, queued, rig_now
from tests.rig.screen.desk_in_memory import recording_of

ROOT = Path(__file__).parents[3]
HOME_ASSISTANT = ROOT / "build" / "homeassistant" / "bin" / "python"
STAMP = Stamp(NOON, "b", 0)
DEVICE = Device("rig-1", "0.1.0", camera_model="IMX477", serial_number="10000000abcdef", page_url="https://hub.lab.example")


def answers(*messages: tuple[dict[str, Any], RigSnapshot]) -> list[dict[str, Any]]:
    """What Home Assistant says to each of the documents, and shows of its rig."""
    if not HOME_ASSISTANT.exists():
        pytest.skip("Home Assistant is not installed: `make homeassistant` installs it (it needs Python 3.13)")
    content = [
        {"topic": discovery_message(DEVICE).topic, "payload": json.dumps(document), "told": told_by(rig)}
        for document, rig in messages
    ]
    done = subprocess.run(
        [str(HOME_ASSISTANT), str(Path(__file__).with_name("home_assistant.py"))],
        input=json.dumps(content),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def told_by(rig: RigSnapshot) -> dict[str, str]:
    """The payloads that the entities are made from, by topic."""
    return {
        topic("rig-1", Channel.STATE): state_message(STAMP, rig).model_dump_json(),
        topic("rig-1", Channel.HEALTH): health_message(STAMP, rig, "").model_dump_json(),
        topic("rig-1", Channel.UPLOAD): upload_message(STAMP, rig, queue_of(queued(1), queued(2))).model_dump_json(),
    }


def busy_rig() -> RigSnapshot:
    return rig_now(
        phase=AgentPhase.RECORDING,
        recording=recording_of(PLAN, frames_dropped=3),
        face=FaceObservation(sensor_ns=1, build=BuildReference(name="b", sha256="a" * 64), visible=(Fau.NOSE, Fau.EARS)),
        health=Health(disk_free_bytes=10**9, cpu_temperature_c=61.5),
        alerts=(alert("W_HOT", Severity.WARNING),),
    )


def test_home_assistant_takes_the_message_and_shows_the_rig():
    recording, idle = answers((discovery_document(DEVICE), busy_rig()), (discovery_document(Device("rig-1", "0.1.0")), rig_now()))
    assert recording["refused"] == idle["refused"] == []
    assert recording["entities"] == {
        "recording": "ON",
        "phase": "recording",
        "faus": "2",
        "dropped": "3",
        "disk": "1000000000",
        "temperature": "61.5",
        "queue": "2",
        "problem": "ON",
        "fault": "The processor is hot or slowed down",
    }
    shown = idle["entities"]
    assert (shown["recording"], shown["problem"], shown["fault"]) == ("OFF", "OFF", "none")
    assert (shown["faus"], shown["temperature"]) == ("None", "None"), "Home Assistant's word for unknown"


def break_origin(document: dict[str, Any]) -> None:
    del document["o"]


def break_identity(document: dict[str, Any]) -> None:
    del document["cmps"]["disk"]["uniq_id"]


def break_unit(document: dict[str, Any]) -> None:
    document["cmps"]["temperature"]["unit_of_meas"] = "furlong"


def break_template(document: dict[str, Any]) -> None:
    document["cmps"]["fault"]["val_tpl"] = "{{ value_json."


def test_home_assistant_refuses_broken_messages():
    breakages = (break_origin, break_identity, break_unit, break_template)
    documents = [discovery_document(DEVICE) for _ in breakages]
    for breakage, document in zip(breakages, documents, strict=True):
        breakage(document)
    refused = [answer["refused"] for answer in answers(*((document, busy_rig()) for document in documents))]
    for breakage, objections, part in zip(breakages, refused, ("origin", "unique_id", "furlong", "template"), strict=True):
        assert part in str(objections), breakage.__name__


def test_every_entity_has_an_identity_of_its_own_on_each_rig():
    identities = [
        component["uniq_id"]
        for rig_id in ("rig-1", "rig-2")
        for component in discovery_document(Device(rig_id, "0.1.0"))["cmps"].values()
    ]
    assert len(identities) == len(set(identities)) == 18


def test_what_is_not_known_of_a_rig_is_left_out():
    document = discovery_document(Device("rig-1", "0.1.0"))
    assert set(document["dev"]) == {"ids", "name", "mf", "mdl", "sw"}
    assert set(document["o"]) == {"name", "sw"}
