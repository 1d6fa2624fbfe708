"""The touchscreen under a finger: 800 x 480 pixels, 78 of them are 15 mm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from rig.agent.states import AgentPhase
from tests.browser.touchscreen import HOLD_MS, Touchscreen, findings, touch_page
from tests.processes import until
from tests.rig.screen.desk_in_memory import recording_of
from tests.rig.screen.rig_states import BUSY_QUEUE, HEALTH, HUB_AWAY, PLAN, STATES, queue
from tests.rig.screen.screen_rig import ScreenRig

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]


@dataclass
class TouchscreenOfARig(Touchscreen):
    """With the rig behind it, which can be put into any state."""

    rig: ScreenRig


@pytest.fixture
def screen(tmp_path, chromium: Browser) -> Iterator[TouchscreenOfARig]:
    rig = ScreenRig.installed(tmp_path, queue=queue(), health=HEALTH)
    rig.hub_told_the_roster()
    with rig.served() as url, touch_page(chromium) as (page, complaints):
        yield TouchscreenOfARig(url, page, complaints, rig)
        assert complaints == []


@pytest.mark.parametrize("surroundings", ["dark", "bright"])
def test_every_stage_suits_gloves_and_weak_eyes(screen, surroundings):
    screen.page.add_init_script(f"localStorage.setItem('surroundings', '{surroundings}')")
    screen.open()
    found: list[str] = []
    idle = screen.rig.desk.now
    for name, state in STATES.items():
        screen.rig.desk.now = idle.model_copy(update={"seq": screen.rig.desk.now.seq})
        screen.rig.desk.becomes(**state)
        screen.shows(re.sub("^(idle|verdict|recording)-.*", r"\1", name.replace("checking", "preflight")))
        found += findings(screen.page, name, only="color-contrast" if surroundings == "bright" else None)
    assert found == []


def test_every_page_suits_gloves_and_weak_eyes(screen):
    screen.rig.desk.becomes(queue=BUSY_QUEUE, alerts=(HUB_AWAY,))
    found: list[str] = []
    screen.open("/settings/")
    found += findings(screen.page, "pin")
    choose_pin(screen)
    for path in ("/new", "/uploads", "/faults/E_DISK_FULL", "/settings/"):
        screen.open(path)
        found += findings(screen.page, path)
    for name in ("exposure", "focus", "reference", "network", "enrolment", "about"):
        screen.open(f"/settings/{name}")
        found += findings(screen.page, name)
    screen.open("/new")
    screen.tap("Type it")
    found += findings(screen.page, "keyboard")
    assert found == []


def test_every_sheet_suits_gloves_and_weak_eyes(screen):
    screen.open()
    screen.rig.desk.becomes(**STATES["recording"])
    screen.tap("Mark")
    found = findings(screen.page, "marks")
    screen.page.locator("dialog[open]").get_by_text("Cancel").tap()
    screen.rig.desk.becomes(**STATES["preflight"])
    screen.tap("Accept")
    found += findings(screen.page, "waive")
    screen.page.locator("dialog[open]").get_by_text("Cancel").tap()
    screen.rig.desk.becomes(**STATES["ready"])
    screen.shows("ready")
    screen.rig.desk.now = screen.rig.desk.now.model_copy(update={"phase": AgentPhase.IDLE})
    screen.tap("START")
    expect(screen.page.get_by_text("have not passed")).to_be_visible()
    found += findings(screen.page, "problem")
    screen.complaints.clear()  # the browser notes the refused request
    assert found == []


def choose_pin(screen: TouchscreenOfARig, pin: str = "2468") -> None:
    for _ in range(2):
        for digit in pin:
            screen.page.locator(f"[data-digit='{digit}']").tap()
        screen.page.locator("[data-enter]").tap()
    screen.page.wait_for_url("**/settings/")


def test_a_technician_records_an_animal_from_the_hubs_list(screen):
    screen.open()
    screen.page.get_by_role("link", name="New recording").tap()
    for choice in ("Laparotomy 2026", "A-17", "Duration", "20 min", "Operator"):
        screen.tap(choice)
    screen.tap("Type it")
    for key in "kim":
        screen.page.locator("#keys").get_by_role("button", name=key, exact=True).tap()
    screen.tap("OK")
    screen.tap("Check the rig")
    screen.shows("preflight")
    screen.rig.desk.all_checks_pass()
    screen.shows("ready")
    expect(screen.page.locator(".ready h1")).to_have_text("A-17")
    screen.tap("START")
    screen.shows("recording")
    (_, plan) = screen.rig.desk.asked[0]
    assert (plan.study.study, plan.study.phase, plan.study.operator, plan.duration_s) == (
        "Laparotomy 2026",
        "baseline",
        "kim",
        1200,
    )
    screen.tap("Mark")
    screen.tap("injection")
    until(lambda: ("mark", ("injection", "screen")) in screen.rig.desk.asked)


def test_a_warning_is_accepted_with_a_reason(screen):
    screen.rig.desk.becomes(**STATES["preflight"])
    screen.open()
    screen.tap("Accept")
    screen.tap("I looked: it is fine")
    until(lambda: [verb for verb, _ in screen.rig.desk.asked] == ["waive"])
    expect(screen.page.locator(".settled", has_text="Focus")).to_contain_text("accepted")


def test_a_short_touch_does_not_stop_a_recording_and_a_long_one_does(screen):
    screen.rig.desk.becomes(**STATES["recording"])
    screen.open()
    stop = screen.page.get_by_role("button", name="Hold to stop").locator("visible=true")
    stop.tap()
    with screen.touch(stop):
        screen.page.wait_for_timeout(HOLD_MS / 2)
    screen.page.wait_for_timeout(HOLD_MS)
    assert screen.rig.desk.asked == []
    with screen.touch(stop):
        screen.shows("finalising")
    assert screen.rig.desk.asked == [("stop", "screen")]


def test_a_finger_that_slides_off_the_stop_button_stops_nothing(screen):
    screen.rig.desk.becomes(**STATES["recording"])
    screen.open()
    with screen.slide_off(screen.page.get_by_role("button", name="Hold to stop").locator("visible=true")):
        screen.page.wait_for_timeout(HOLD_MS + 300)
    assert screen.rig.desk.asked == []


def test_a_second_tap_on_start_is_none(screen):
    screen.rig.desk.becomes(**STATES["ready"])
    screen.open()
    screen.page.get_by_role("button", name="START").evaluate("button => { button.click(); button.click(); }")
    screen.shows("recording")
    assert screen.rig.desk.asked == [("start", "screen")]


def test_a_page_that_is_reloaded_in_a_recording_shows_the_recording(screen):
    screen.rig.desk.becomes(**STATES["recording"])
    screen.open()
    screen.shows("recording")
    screen.page.reload()
    screen.shows("recording")
    expect(screen.page.locator(".time strong")).to_have_text("21:28")


def test_a_plan_half_filled_in_outlives_a_reload_and_is_gone_when_given_up(screen):
    screen.open("/new")
    screen.tap("Laparotomy 2026")
    screen.page.reload()
    expect(screen.page.locator("[data-step=study] b")).to_have_text("Laparotomy 2026")
    screen.page.get_by_role("link", name="Cancel").tap()
    screen.open("/new")
    expect(screen.page.locator("[data-step=study] b")).to_have_text("needed")


@pytest.mark.parametrize("step", ["study", "operator"])
def test_a_scanned_code_is_the_animal_whichever_step_is_open(screen, step):
    screen.open("/new")
    screen.page.locator(f"[data-step={step}]").tap()
    screen.scan("A-17")
    expect(screen.page.locator("[data-step=animal] b")).to_have_text("A-17")
    expect(screen.page.locator("[data-step=study] b")).to_have_text("Laparotomy 2026")


def test_the_shortest_code_and_one_with_a_space_are_scans_and_press_no_button(screen):
    screen.open("/new")
    screen.page.locator("[data-step=study]").tap()
    leave = screen.page.get_by_role("link", name="Cancel")
    for code in ("7", "A 12"):
        leave.focus()
        screen.scan(code)
        expect(screen.page.locator("[data-step=animal] b")).to_have_text(code)


def test_a_scan_goes_to_the_animal_even_while_something_is_typed(screen):
    screen.open("/new")
    screen.page.locator("[data-step=operator]").tap()
    screen.tap("Type it")
    screen.scan("A-12")
    expect(screen.page.locator("[data-step=animal] b")).to_have_text("A-12")
    expect(screen.page.locator("[data-step=operator] b")).to_have_text("–")


def test_a_scan_in_front_of_an_idle_rig_begins_a_new_recording(screen):
    screen.open()
    screen.shows("idle")
    screen.scan("grimace:1;study=Carprofen dose;animal=C-1;phase=post;operator=Kim;duration_min=15")
    screen.page.wait_for_url("**/new")
    expect(screen.page.locator("[data-step=animal] b")).to_have_text("C-1")
    expect(screen.page.locator("[data-step=duration] b")).to_have_text("15 min")
    screen.tap("Check the rig")
    screen.shows("preflight")


def test_a_rig_that_does_not_answer_is_said_over_everything(screen):
    screen.rig.desk.becomes(**STATES["recording"])
    screen.open()
    screen.shows("recording")
    screen.tap("Mark")
    screen.page.route("**/shown*", lambda route: route.abort())
    expect(screen.page.get_by_role("heading", name="The rig does not answer")).to_be_visible(timeout=10_000)
    assert screen.page.evaluate("document.elementFromPoint(400, 240).closest('dialog').id") == "silence"
    screen.page.unroute("**/shown*")
    expect(screen.page.locator("#silence")).to_be_hidden(timeout=5_000)
    screen.complaints.clear()  # the browser notes every request that failed


def test_the_picture_moves_and_tells_when_it_does_not(screen):
    screen.open()
    expect(screen.page.locator(".idle .preview")).to_have_attribute("data-stale", "")
    with screen.rig.filmed():
        expect(screen.page.locator(".idle .preview")).not_to_have_attribute("data-stale", "", timeout=10_000)
    expect(screen.page.locator(".idle .preview")).to_have_attribute("data-stale", "", timeout=10_000)


def test_boxes_can_be_switched_off(screen):
    screen.rig.desk.becomes(**STATES["recording"])
    screen.open()
    screen.tap("Boxes")
    screen.page.reload()
    expect(screen.page.get_by_role("button", name="Boxes")).to_have_attribute("aria-pressed", "false")


def test_the_settings_open_with_the_chosen_pin_only(screen):
    screen.open("/settings/")
    choose_pin(screen)
    screen.tap("Lock")
    screen.page.wait_for_url(f"{screen.url}/")
    screen.open("/settings/exposure")
    for digit in "1111":
        screen.page.locator(f"[data-digit='{digit}']").tap()
    screen.page.locator("[data-enter]").tap()
    expect(screen.page.get_by_text("The PIN is wrong")).to_be_visible()
    screen.complaints.clear()  # the browser notes the refused request
    screen.tap("Understood")
    for digit in "2468":
        screen.page.locator(f"[data-digit='{digit}']").tap()
    screen.page.locator("[data-enter]").tap()
    screen.page.wait_for_url("**/settings/")


def test_an_exposure_is_chosen_among_those_that_do_not_flicker(screen):
    screen.open("/settings/")
    choose_pin(screen)
    screen.open("/settings/exposure")
    screen.tap("20.0 ms")
    screen.tap("More gain")
    screen.tap("Film so from now on")
    picture = until(lambda: (now := screen.rig.installation.settings().camera.picture).exposure_us == 20_000 and now)
    assert picture.analogue_gain == 3.0


def test_a_finished_recording_is_judged_until_somebody_has_seen_it(screen):
    screen.rig.desk.becomes(**STATES["verdict"])
    screen.open()
    expect(screen.page.get_by_text("scorable: 431 of 600 s, 4 FAUs")).to_be_visible()
    screen.tap("Done")
    screen.shows("idle")


def test_the_screen_goes_back_to_the_rig_when_somebody_else_records(screen):
    screen.open("/new")
    screen.rig.desk.becomes(phase=AgentPhase.RECORDING, recording=recording_of(PLAN))
    screen.shows("recording")
