"""Takes discovery messages as Home Assistant takes them. Run by a Python that has Home Assistant in it (`make homeassistant`).

Reads a JSON list: of each message its `topic` and `payload`, and under `told` the retained payloads of other topics. Prints a
list: of each message what Home Assistant objects to, its warnings included (`refused`), and what every entity would show.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from typing import Any

import voluptuous
from homeassistant.components.mqtt import binary_sensor, discovery, sensor
from homeassistant.components.mqtt.models import MqttValueTemplate
from homeassistant.core import HomeAssistant

PLATFORMS = {"binary_sensor": binary_sensor, "sensor": sensor}


class Objections(logging.Handler):
    """What Home Assistant writes into its log from warnings on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


async def take_all(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    hass = HomeAssistant(tempfile.gettempdir())
    log = logging.getLogger("homeassistant")
    answers = []
    for message in messages:
        objections = Objections()
        log.addHandler(objections)
        entities = take(hass, objections, **message)
        log.removeHandler(objections)
        answers.append({"refused": objections.messages, "entities": entities})
    return answers


def take(hass: HomeAssistant, objections: Objections, topic: str, payload: str, told: dict[str, str]) -> dict[str, str]:
    """The steps of `async_discovery_message_received` and of the entities' set-up, without the entities; what each would show."""
    matched = discovery.TOPIC_MATCHER.match(topic.removeprefix("homeassistant/"))
    if matched is None or matched["component"] != "device":
        objections.messages.append(f"not a device's topic: {topic}")
        return {}
    device = discovery._parse_device_payload(hass, payload, matched["object_id"], matched["node_id"])
    entities = {}
    for name, component in device.get("components", {}).items():
        platform = PLATFORMS[component.pop("platform")]
        component["device"], component["origin"] = device["device"], device["origin"]
        discovery._merge_common_device_options(component, device)
        discovery._valid_origin_info(component)
        try:
            config = platform.DISCOVERY_SCHEMA(component)
        except voluptuous.Invalid as error:
            objections.messages.append(f"{name}: {error}")
        else:
            entities[name] = shown(config, told)
    return entities


def shown(config: dict[str, Any], told: dict[str, str]) -> str:
    """What the entity makes of the message on its topic."""
    template = MqttValueTemplate(config["value_template"])
    return str(template.async_render_with_possible_json_value(told[config["state_topic"]]))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(take_all(json.load(sys.stdin)))))
