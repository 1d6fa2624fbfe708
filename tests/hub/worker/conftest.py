"""A hub for every test of this folder."""

import pytest

from tests.hub.analyses.analysis_hub import AnalysisHub


@pytest.fixture
def hub(tmp_path):
    with AnalysisHub(tmp_path) as running:
        running.add_lab()
        yield running
