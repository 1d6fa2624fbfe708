"""What a rig may know of its lab's studies: whom to film, and never in which group."""

import uuid

from hub.rigs.roster import roster_of
from shared.api import API_PREFIX, RosterAnimal, RosterStudy
from shared.client import Hub
from shared.manifest import StudyMetadata
from tests.hub.uploads.tus import Tus
from tests.sealed_sessions import RECORDED_AT


def filmed(study: str, animal: str = "", phase: str = "", **more: str) -> StudyMetadata:
    return StudyMetadata(study=study, animal=animal, phase=phase, **more)


def test_studies_come_newest_first_phases_as_they_were_used_and_animals_by_code():
    newest_first = [
        filmed("laparotomy", "m2", "post"),
        filmed("vehicle", "r1", subject_type="rat"),
        filmed("laparotomy", "m1", "baseline"),
        filmed("laparotomy", "m2", "baseline"),
    ]
    assert roster_of(newest_first, RECORDED_AT).studies == (
        RosterStudy(
            name="laparotomy",
            subject_type="c57bl/6",
            phases=("baseline", "post"),
            animals=(RosterAnimal(code="m1"), RosterAnimal(code="m2")),
        ),
        RosterStudy(name="vehicle", subject_type="rat", animals=(RosterAnimal(code="r1"),)),
    )


def test_an_animal_is_as_it_was_described_last():
    (study,) = roster_of([filmed("s", "m1", sex="female"), filmed("s", "m1", strain="B6")], RECORDED_AT).studies
    assert study.animals == (RosterAnimal(code="m1", sex="female"),)


def test_a_session_without_a_study_is_not_offered():
    assert roster_of([filmed("", "m1")], RECORDED_AT).studies == ()


def test_a_rig_is_told_of_its_labs_sessions_whoever_recorded_them_and_of_no_others(hub):
    for token, study in ((hub.add_rig(), "ours"), (hub.add_person(), "uploaded"), (hub.add_rig("rig-9", "Other lab"), "theirs")):
        announce(hub, token, {"study": study, "animal": "m1"})
    roster = Hub(hub.url, hub.add_rig("rig-2")).roster()
    assert [study.name for study in roster.studies] == ["uploaded", "ours"]
    assert roster.made_at == hub.clock.now()


def test_the_roster_is_for_rigs(hub):
    assert Tus(hub.url, hub.add_person()).request("GET", f"{API_PREFIX}/rig/roster").status_code == 403


def announce(hub, token: str, study: dict[str, str]) -> None:
    files = [{"name": "clip.mp4", "size_bytes": 1, "sha256": "0" * 64}]
    body = {"study": study, "recorded_at": "2026-03-01T09:00:00Z", "files": files}
    assert Tus(hub.url, token).request("PUT", f"{API_PREFIX}/sessions/{uuid.uuid4()}", json=body).status_code == 201
