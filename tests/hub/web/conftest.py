"""A hub with a scored session of noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.hub.analyses.analysis_hub import AnalysisHub
from tests.hub.web.web_hub import FRAMES, WebHub


@pytest.fixture
def hub(tmp_path) -> Iterator[WebHub]:
    with AnalysisHub(tmp_path) as running:
        running.add_lab()
        running.add_lab("Other lab")
        yield WebHub(running)


@pytest.fixture
def session_id(hub) -> str:
    """A stored session of the lab "Lab", not analysed."""
    return hub.running.store(frames=FRAMES)


@pytest.fixture
def analysis_id(hub, session_id) -> str:
    """The finished analysis of that session."""
    return hub.score(session_id)


@pytest.fixture
def path_of() -> Callable[[requests.Response], str]:
    """Where an answer leads to."""
    return lambda answer: urlsplit(answer.headers["Location"]).path
