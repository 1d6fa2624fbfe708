"""Chromium, driven by Playwright, in front of a hub with a scored session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hub.tables import Role
from tests.hub.analyses.analysis_hub import AnalysisHub
from tests.hub.web.web_hub import FRAMES, WebHub

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Chromium without a screen, asking nobody anything."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: `make services` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def hub(tmp_path) -> Iterator[WebHub]:
    with AnalysisHub(tmp_path) as running:
        running.add_lab()
        yield WebHub(running)


@pytest.fixture
def session_id(hub) -> str:
    """A stored session that waits for its scores."""
    return hub.running.store(frames=FRAMES)


@pytest.fixture
def page(hub, chromium) -> Iterator[Page]:
    """A signed-in page whose every complaint (a blocked style, a failing script, a missing file) fails the test."""
    complaints: list[str] = []
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(hub.url + hub.link_for("ada@example.org", role=Role.SUPERVISOR))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{hub.url}/")
        yield page
    assert complaints == []
