"""The page about MQTT says what the software does."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tables_of_topics_and_commands_are_current():
    tables = runpy.run_path(str(DOCS / "mqtt_tables.py"))
    page = (DOCS / "watch-rigs-over-mqtt.md").read_text()
    assert all(f"<!-- {name}: " in page for name in tables["TABLES"])
    assert page == tables["with_tables"](page), "make them anew: python docs/mqtt_tables.py"
