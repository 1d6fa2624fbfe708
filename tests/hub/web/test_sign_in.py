"""Signing in: links that work once, cookies that scripts and other sites cannot use, passwords that cannot be guessed at."""

from concurrent.futures import ThreadPoolExecutor

from hub.accounts.attempts import ALLOWED_FAILURES, FailedAttempts
from hub.accounts.service import find_lab
from hub.web.sign_in import PASSWORD_CHECKS_AT_ONCE
from shared.clock import ManualClock
from tests.hub.analyses.analysis_hub import AnalysisHub
from tests.hub.web.web_hub import WebHub


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(hub, session_id, path_of):
    answer = hub.browser().open(f"/sessions/{session_id}", allow_redirects=False)
    assert (answer.status_code, path_of(answer)) == (303, "/sign-in")
    assert answer.headers["Location"].endswith(f"?after=/sessions/{session_id}")


def test_opening_a_link_does_not_use_it_up_but_its_button_does(hub):
    link, browser = hub.link_for("ada@example.org"), hub.browser()
    for _ in range(2):
        assert "<button" in browser.open(link).text
    assert browser.submit(link).status_code == 303
    assert browser.open("/").status_code == 200

    second = hub.browser().submit(link)
    assert second.status_code == 403
    assert "used before" in second.text
    assert "set-cookie" not in second.headers


def test_the_cookie_is_kept_from_scripts_and_from_other_sites_requests(hub):
    cookie = hub.browser().submit(hub.link_for("ada@example.org")).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie, "this hub is reached over http"


def test_behind_https_the_cookie_never_travels_without_it(hub):
    forwarded = {"Origin": hub.url, "X-Forwarded-Proto": "https"}
    answer = hub.browser().post(hub.url + hub.link_for("ada@example.org"), headers=forwarded, allow_redirects=False, timeout=20)
    assert "Secure" in answer.headers["set-cookie"]


def test_signing_in_again_makes_the_cookie_from_before_worthless(hub):
    browser = hub.signed_in()
    before = dict(browser.cookies)
    browser.submit(hub.link_for("ada@example.org"))
    thief = hub.browser()
    thief.cookies.update(before)
    assert thief.open("/", allow_redirects=False).status_code == 303
    assert browser.open("/", allow_redirects=False).status_code == 200


def test_signing_out_makes_the_cookie_worthless(hub):
    browser = hub.signed_in()
    before = dict(browser.cookies)
    assert browser.submit("/sign-out").status_code == 303
    browser.cookies.update(before)
    assert browser.open("/", allow_redirects=False).status_code == 303


def test_forms_of_other_sites_are_refused(hub):
    link, browser = hub.link_for("ada@example.org"), hub.browser()
    assert browser.submit(link, origin="https://evil.example").status_code == 403
    assert hub.browser().post(hub.url + link, timeout=20).status_code == 403, "no Origin at all"
    signed_in = hub.signed_in()
    assert signed_in.submit("/sign-out", origin="https://evil.example").status_code == 403
    assert signed_in.open("/", allow_redirects=False).status_code == 200


def test_behind_a_proxy_that_asks_by_another_name_the_public_address_is_our_own(tmp_path):
    with AnalysisHub(tmp_path, public_url="https://grimace.example.org") as running:
        running.add_lab()
        proxied = WebHub(running)
        link = proxied.link_for("ada@example.org")
        assert proxied.browser().submit(link, origin="https://evil.example").status_code == 403
        assert proxied.browser().submit(link, origin="https://grimace.example.org").status_code == 303


def test_a_cookie_does_not_let_other_sites_use_the_api(hub, session_id):
    browser = hub.signed_in()
    path = f"{hub.url}/api/v1/sessions/{session_id}/analyses"
    assert browser.post(path, json={}, headers={"Origin": "https://evil.example"}, timeout=20).status_code == 401


def test_a_password_signs_in_and_leads_back_to_the_page_that_was_wanted(hub, session_id, path_of):
    hub.link_for("ada@example.org")
    hub.set_password("ada@example.org", "correct horse")
    browser = hub.browser()
    wanted = f"/sessions/{session_id}"
    answer = browser.submit("/sign-in", email=" Ada@Example.org ", password="correct horse", after=wanted)
    assert (answer.status_code, path_of(answer)) == (303, wanted)
    assert browser.open(wanted).status_code == 200


def test_signing_in_never_leads_to_another_site(hub):
    for address in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        answer = hub.browser().submit(hub.link_for("ada@example.org"), after=address)
        assert answer.headers["Location"] == "/"


def test_too_many_wrong_passwords_close_the_account_for_this_address(hub):
    hub.link_for("ada@example.org")
    hub.set_password("ada@example.org", "correct horse")
    browser = hub.browser()
    for _ in range(ALLOWED_FAILURES):
        assert browser.submit("/sign-in", email="ada@example.org", password="wrong").status_code == 403
    assert browser.submit("/sign-in", email="ada@example.org", password="correct horse").status_code == 429
    hub.running.clock.advance(15 * 60 + 1)
    assert browser.submit("/sign-in", email="ada@example.org", password="correct horse").status_code == 303


def test_many_guesses_at_once_are_no_way_around_the_limit(hub):
    hub.link_for("ada@example.org")
    hub.set_password("ada@example.org", "correct horse")

    def guess(_: int) -> int:
        return hub.browser().submit("/sign-in", email="ada@example.org", password="wrong").status_code

    with ThreadPoolExecutor(12) as guessers:
        answers = list(guessers.map(guess, range(12)))
    assert set(answers) == {403, 429}
    assert answers.count(403) < ALLOWED_FAILURES + PASSWORD_CHECKS_AT_ONCE


def test_an_endless_address_is_not_remembered(hub):
    assert hub.browser().submit("/sign-in", email="a" * 1000 + "@example.org", password="wrong").status_code == 422


def test_failures_of_one_account_or_address_do_not_close_another():
    attempts = FailedAttempts(ManualClock())
    for _ in range(ALLOWED_FAILURES):
        attempts.record("ada", "10.0.0.1")
    assert attempts.too_many("ada", "10.0.0.1")
    assert not attempts.too_many("ada", "10.0.0.2")
    assert not attempts.too_many("bob", "10.0.0.1")


def test_a_member_of_two_labs_changes_between_them_and_sees_one_at_a_time(hub, session_id):
    browser = hub.signed_in(lab="Lab")
    hub.link_for("ada@example.org", "Other lab")
    with hub.running.parts.database.reading() as session:
        other = find_lab(session, "Other lab").uid
    assert browser.open(f"/sessions/{session_id}").status_code == 200
    assert browser.submit("/lab", lab=other).status_code == 303
    assert browser.open(f"/sessions/{session_id}").status_code == 404
    assert browser.submit("/lab", lab="no such lab").status_code == 404
