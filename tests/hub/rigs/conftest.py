"""A live hub with two labs, on each database."""

import pytest

from tests.hub.live_hub import LiveHub


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.services)])
def hub(request, tmp_path):
    url = "" if request.param == "SQLite" else request.getfixturevalue("postgres").new_database()
    with LiveHub(tmp_path, database_url=url) as running:
        running.add_lab()
        running.add_lab("Other lab")
        yield running
