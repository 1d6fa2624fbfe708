"""A screen without a browser: requests go straight into the app."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from rig.screen.server import make_app
from tests.rig.screen.screen_rig import ScreenRig

Post = Callable[..., TestResponse]


@pytest.fixture
def rig(tmp_path) -> ScreenRig:
    return ScreenRig.installed(tmp_path)


@pytest.fixture
def client(rig):
    return make_app(rig.desk, rig.installation).test_client()


@pytest.fixture
def post(client) -> Post:
    """A POST as our own pages make it."""

    def send(path: str, body: object = None, **headers: str) -> TestResponse:
        return client.post(path, json=body or {}, headers={"X-Grimace-Screen": "1", **headers})

    return send
