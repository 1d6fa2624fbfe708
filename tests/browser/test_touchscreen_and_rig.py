"""The touchscreen in front of real processes: camera, agent and face check, with a mouse from a film."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from shared.manifest import SealState
from tests.browser.touchscreen import Touchscreen, touch_page
from tests.processes import until, unused_port
from tests.rig.rig_process import RigProcess

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.xdist_group("chromium")]

SMALL_SAMPLE = 'source = "sample"\nwidth_px = 640\nheight_px = 360\n'
START_S = 60_000


@pytest.fixture
def rig(tmp_path) -> Iterator[RigProcess]:
    rig = RigProcess(tmp_path)
    port = unused_port()
    rig.configure(SMALL_SAMPLE, f"[screen]\nport = {port}\n[recording]\ndurations_min = [0.2, 10.0]\ndefault_duration_min = 0.2")
    yield rig
    rig.kill_all()


@pytest.fixture
def screen(rig, chromium: Browser) -> Iterator[Touchscreen]:
    with touch_page(chromium) as (page, complaints):
        yield Touchscreen("", page, complaints)


def open_screen(rig: RigProcess, screen: Touchscreen) -> None:
    screen.url = until(lambda: (path := rig.data_folder / "screen.url").exists() and path.read_text().strip())
    screen.open()
    screen.page.locator("[data-stage=idle]").wait_for(state="visible", timeout=START_S)


def plan(screen: Touchscreen, duration: str) -> None:
    """Scan, check, and accept what warns on this machine."""
    screen.scan(f"grimace:1;study=Pilot;animal=A-17;phase=baseline;operator=Kim;duration_min={duration}")
    screen.page.wait_for_url("**/new")
    screen.tap("Check the rig")
    screen.shows("preflight")
    either = screen.page.locator("[data-waive], [data-stage=ready] .start").locator("visible=true")
    either.first.wait_for(timeout=START_S)
    ready = screen.page.locator("[data-stage=ready]")
    warned = screen.page.locator("[data-waive]").locator("visible=true")
    while left := warned.count():
        warned.first.tap()
        screen.tap("I looked: it is fine")
        until(lambda left=left: ready.is_visible() or warned.count() < left)
    screen.shows("ready")


def test_a_technician_records_an_animal_and_is_told_whether_it_is_enough(rig, screen):
    rig.start("run")
    open_screen(rig, screen)
    plan(screen, "0.2")
    screen.tap("START")
    screen.shows("recording")
    expect(screen.page.locator(".recording .preview")).not_to_have_attribute("data-stale", "", timeout=START_S)
    screen.tap("Mark")
    screen.tap("noise")
    screen.page.locator("[data-stage=verdict]").wait_for(state="visible", timeout=START_S)
    expect(screen.page.locator(".summary")).to_contain_text("of 12 s, 4 FAUs")
    (sealed,) = (rig.data_folder / "sessions").glob("*/session.json")
    manifest = rig.manifest(sealed.parent.name)
    assert (manifest.state, manifest.study.animal, manifest.study.operator) == (SealState.SEALED, "A-17", "Kim")
    assert manifest.preflight
    assert '"noise"' in json.dumps(sealed.with_name("events.jsonl").read_text().splitlines()).replace("\\", "")
    screen.tap("Done")
    screen.shows("idle")
    assert screen.complaints == []


def test_a_killed_agent_is_said_in_large_type_and_the_recording_goes_on(rig, screen):
    rig.start("camera")
    agent = rig.start("agent")
    open_screen(rig, screen)
    plan(screen, "10")
    screen.tap("START")
    screen.shows("recording")
    agent.kill()
    expect(screen.page.get_by_role("heading", name="The rig does not answer")).to_be_visible(timeout=START_S)
    rig.start("agent")
    expect(screen.page.locator("#silence")).to_be_hidden(timeout=START_S)
    screen.shows("recording")
    with screen.touch(screen.page.get_by_role("button", name="Hold to stop").locator("visible=true")):
        screen.page.locator("[data-stage=verdict]").wait_for(state="visible", timeout=START_S)
    (sealed,) = (rig.data_folder / "sessions").glob("*/session.json")
    assert len(rig.manifest(sealed.parent.name).parts) == 1
