"""What a new recording is offered."""

from rig.screen.choices import Chosen, keep_chosen, offer, read_chosen
from rig.settings import RecordingSettings
from tests.rig.screen.rig_states import PLAN
from tests.rig.screen.screen_rig import ROSTER

SETTINGS = RecordingSettings()


def test_without_a_hub_and_a_past_only_the_settings_are_offered():
    choices = offer(SETTINGS, None, Chosen())
    assert (choices.studies, choices.operators, choices.phases, choices.duration_min) == ((), (), ("baseline", "post"), 30.0)


def test_the_hubs_studies_come_with_their_animals_and_phases():
    study = offer(SETTINGS, ROSTER, Chosen()).studies[0]
    assert (study.name, study.animals[:2], study.phases[0], study.listed) == (
        "Laparotomy 2026",
        ("A-11", "A-12"),
        "baseline",
        True,
    )


def test_what_was_chosen_last_is_chosen_again_but_never_the_animal(tmp_path):
    keep_chosen(tmp_path, PLAN)
    choices = offer(SETTINGS, None, read_chosen(tmp_path))
    assert (choices.study, choices.phase, choices.operator, choices.duration_min) == ("Laparotomy 2026", "baseline", "Kim", 30.0)
    assert "A-17" not in choices.model_dump_json()


def test_a_typed_study_is_remembered_beside_the_hubs():
    choices = offer(SETTINGS, ROSTER, Chosen(studies=("Pilot", "Laparotomy 2026")))
    assert [study.name for study in choices.studies] == ["Laparotomy 2026", "Carprofen dose", "Pilot"]


def test_eight_names_are_remembered_the_newest_first():
    chosen = Chosen(operators=tuple("abcdefgh"))
    renamed = PLAN.model_copy(update={"study": PLAN.study.model_copy(update={"operator": "new"})})
    assert chosen.with_plan(renamed).operators == ("new", *"abcdefg")


def test_a_damaged_memory_is_no_memory(tmp_path):
    (tmp_path / "screen-chosen.json").write_text("{")
    assert read_chosen(tmp_path) == Chosen()
