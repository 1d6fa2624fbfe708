"""Six digits make a rig the lab's: once, for a quarter of an hour, and never by guessing."""

import random
import threading

import pytest
import requests
from sqlalchemy import select

from hub.accounts import service
from hub.rigs import enrolment
from hub.tables import Enrolment, Role, Token
from shared.api import API_PREFIX, Enrolled, EnrolmentCode, EnrolmentRequest
from shared.client import Hub, HubRefused
from tests.hub.uploads.tus import Tus

REDEEM = f"{API_PREFIX}/enrolments/redeem"


def make_code(hub, lab="Lab", email="ada@example.org") -> str:
    """A code as the lab's supervisor gets it over the API."""
    answer = Tus(hub.url, hub.add_person(email, lab, Role.SUPERVISOR)).request("POST", f"{API_PREFIX}/enrolments")
    assert answer.status_code == 201
    made = EnrolmentCode.model_validate_json(answer.content)
    assert made.lab == lab
    return made.code


def redeem(hub, code, rig_id="rig-1") -> Enrolled:
    return Hub(hub.url, None).redeem(EnrolmentRequest(code=code, rig_id=rig_id))


def refusal(hub, code, rig_id="rig-1") -> tuple[str, int]:
    with pytest.raises(HubRefused) as refused:
        redeem(hub, code, rig_id)
    return refused.value.fault.code, refused.value.status


def other_than(*codes: str) -> str:
    return next(code for code in iter(lambda: f"{random.randrange(10**6):06d}", None) if code not in codes)


def works(hub, token: str) -> bool:
    return Tus(hub.url, token).request("GET", f"{API_PREFIX}/rig/roster").status_code == 200


def let_a_minute_pass(hub) -> None:
    hub.clock.advance(61)


def test_a_code_makes_the_rig_the_labs_and_its_token_works(hub):
    enrolled = redeem(hub, make_code(hub, "Other lab"), "rig-7")
    assert (enrolled.lab, enrolled.rig_id) == ("Other lab", "rig-7")
    assert works(hub, enrolled.token)


def test_a_code_works_once(hub):
    code = make_code(hub)
    redeem(hub, code)
    assert refusal(hub, code, "rig-2") == ("E_CODE", 403)


def test_a_code_works_for_a_quarter_of_an_hour(hub):
    code = make_code(hub)
    hub.clock.advance(15 * 60)
    assert refusal(hub, code) == ("E_CODE", 403)


def test_a_rig_that_is_enrolled_anew_keeps_its_place_and_its_old_token_is_void(hub):
    old = hub.add_rig("rig-1")
    others = hub.add_rig("rig-2")
    new = redeem(hub, make_code(hub), "rig-1").token
    assert (works(hub, old), works(hub, new), works(hub, others)) == (False, True, True)
    with hub.parts.database.reading() as session:
        rows = session.scalars(select(Token).where(Token.rig_id.is_not(None))).all()
    assert len({row.rig_id for row in rows}) == 2


def test_only_supervisors_make_codes(hub):
    for token in (hub.add_person("s@example.org", role=Role.STANDARD), hub.add_rig(), hub.add_worker()):
        assert Tus(hub.url, token).request("POST", f"{API_PREFIX}/enrolments").status_code == 403


def test_an_address_has_five_wrong_tries_a_minute(hub):
    code = make_code(hub)
    wrong = other_than(code)
    assert [refusal(hub, wrong) for _ in range(6)] == [("E_CODE", 403)] * 5 + [("E_TRIES", 429)]
    assert refusal(hub, code) == ("E_TRIES", 429)
    let_a_minute_pass(hub)
    assert redeem(hub, code).lab == "Lab"


def test_twenty_wrong_tries_in_all_void_every_open_code_and_no_later_one(hub):
    first, second = make_code(hub), make_code(hub, "Other lab", "bob@example.org")
    wrong = other_than(first, second)
    for number in range(20):
        if number % 5 == 0:
            let_a_minute_pass(hub)
        assert refusal(hub, wrong) == ("E_CODE", 403)
    let_a_minute_pass(hub)
    assert [refusal(hub, code) for code in (first, second)] == [("E_CODE", 403)] * 2
    assert redeem(hub, make_code(hub)).lab == "Lab"


def test_of_many_that_redeem_a_code_at_once_one_gets_the_rig(hub):
    code = make_code(hub)
    outcomes = []

    def race(number: int) -> None:
        wanted = EnrolmentRequest(code=code, rig_id=f"rig-{number}")
        outcomes.append(enrolment.redeem(hub.parts.database, wanted, hub.clock.now()))

    racers = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(outcomes) == 4
    assert sum(outcome is not None for outcome in outcomes) == 1


def test_a_labs_sixth_code_ends_its_oldest(hub):
    with hub.parts.database.writing() as session:
        lab = service.find_lab(session, "Lab")
        codes = [enrolment.make_code(session, lab, None, hub.clock.now()).code for _ in range(6)]
    assert refusal(hub, codes[0]) == ("E_CODE", 403)
    assert [redeem(hub, code, f"rig-{code}").lab for code in codes[1:]] == ["Lab"] * 5


def test_the_database_holds_no_code(hub):
    code = make_code(hub)
    with hub.parts.database.reading() as session:
        row = session.scalars(select(Enrolment)).one()
        assert code not in (row.code_hash, row.salt)
        assert row.created_by is not None


@pytest.mark.parametrize("body", [{}, {"code": "12345", "rig_id": "rig-1"}, {"code": "123456", "rig_id": "Rig 1"}])
def test_what_is_no_code_counts_as_no_try(hub, body):
    answers = {requests.post(hub.url + REDEEM, json=body, timeout=20).status_code for _ in range(6)}
    assert answers == {422}
