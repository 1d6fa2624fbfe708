"""A hub for every test of this folder, on either database."""

import pytest

from tests.hub.analyses.analysis_hub import AnalysisHub


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.services)])
def hub(request, tmp_path):
    settings = {} if request.param == "SQLite" else {"database_url": request.getfixturevalue("postgres").new_database()}
    with AnalysisHub(tmp_path, **settings) as running:
        running.add_lab()
        yield running
