"""What a person does on the pages, in a real browser."""

import csv

import pytest

from hub.tables import Role

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]


def test_a_researcher_finds_a_session_reads_its_scores_and_takes_the_csv_along(hub, session_id, page, tmp_path):
    hub.score(session_id)
    page.reload()
    page.get_by_role("link", name="m1").click()
    page.get_by_role("heading", name="These scores are placeholders").wait_for()
    assert page.locator("table.scores tbody tr").count() == 30
    assert page.locator("svg.plot .lane").count() == 4
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    rows = list(csv.DictReader(download.value.path().open()))
    assert [int(row["Frame Index"]) for row in rows] == list(range(40))
    page.locator(".strip li").first.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    picture = tmp_path / "session.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000


def test_an_open_page_follows_the_session_and_shows_the_scores_when_they_are_there(hub, session_id, page):
    page.goto(f"{hub.url}/sessions/{session_id}")
    page.get_by_role("heading", name="No analysis yet").wait_for()
    hub.running.queue(session_id)
    page.reload()
    page.locator(".status").get_by_text("Waiting for a worker").wait_for()
    hub.score(session_id)
    page.get_by_role("heading", name="Scores by frame").wait_for()


def test_the_list_follows_new_sessions_by_itself(hub, page):
    page.get_by_role("heading", name="No sessions yet").wait_for()
    hub.running.store()
    page.get_by_role("link", name="m1").wait_for()


def test_the_pages_can_be_used_with_the_keyboard_alone(hub, session_id, page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


@pytest.mark.parametrize("width_px", [390, 1440])
def test_no_page_is_wider_than_the_screen(hub, session_id, page, width_px):
    hub.score(session_id)
    page.set_viewport_size({"width": width_px, "height": 844})
    for path in ("/", f"/sessions/{session_id}"):
        page.goto(hub.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px


@pytest.mark.parametrize("width_px", [390, 705, 820, 1100, 1440])
def test_no_number_of_the_result_is_cut_off(hub, session_id, page, width_px):
    hub.score(session_id)
    page.set_viewport_size({"width": width_px, "height": 844})
    page.goto(f"{hub.url}/sessions/{session_id}")
    cut_off = """() => [...document.querySelectorAll(".tiles > div")]
        .filter((tile) => tile.scrollWidth > tile.clientWidth).map((tile) => tile.innerText)"""
    assert page.evaluate(cut_off) == []


def test_a_double_click_on_a_one_time_link_signs_in(hub, page):
    page.context.clear_cookies()
    for between_ms in (1, 5, 20):
        page.goto(hub.url + hub.link_for("ada@example.org", role=Role.SUPERVISOR))
        button = page.get_by_role("button", name="Sign in")
        button.click(click_count=2, delay=between_ms)
        page.wait_for_url(f"{hub.url}/")


def test_every_control_and_picture_has_a_name(hub, session_id, page):
    hub.score(session_id)
    for path in ("/", f"/sessions/{session_id}"):
        page.goto(hub.url + path)
        nameless = page.evaluate(
            """[...document.querySelectorAll('a, button, input:not([type=hidden]), select, img:not([alt=""]), svg[role=img]')]
            .filter(item => !(item.textContent.trim() || item.getAttribute('alt') || item.labels?.length
                              || item.getAttribute('aria-label') || item.getAttribute('aria-labelledby')))
            .map(item => item.outerHTML)"""
        )
        assert nameless == []
        assert page.locator("h1").count() == 1
        assert page.locator("table:not(:has(caption))").count() == 0
