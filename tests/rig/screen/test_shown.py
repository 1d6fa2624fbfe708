"""What the pages show of a snapshot."""

from __future__ import annotations

import pytest

from rig.agent.snapshot import Advice, AdviceKind
from rig.agent.states import AgentPhase
from rig.outbox.states import State
from rig.screen.shown import Shown, show
from rig.screen.texts import load_texts
from shared.face_check import Coverage
from shared.grimace import Fau
from tests.rig.screen.desk_in_memory import DeskInMemory, recording_of
from tests.rig.screen.rig_states import ALL_FOUR, CHANGED, HUB_AWAY, NOW, PLAN, STATES, face, queue, queued, verdict

TEXTS = load_texts("en")


def shown(**values: object) -> Shown:
    return show(DeskInMemory.idle(**values).snapshot(), NOW, 30.0, TEXTS)


@pytest.mark.parametrize("phase", AgentPhase)
def test_every_phase_has_a_stage_and_a_word(phase):
    words = shown(phase=phase)
    assert words.stage
    assert words.phase_word


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_every_state_can_be_shown(state):
    assert shown(**state).model_dump_json()


def test_a_recording_whose_bytes_stopped_is_not_called_one():
    silent = shown(phase=AgentPhase.RECORDING, recording=recording_of(PLAN, last_write_age_s=3.1))
    assert (silent.stage, silent.phase_word) == ("fault", "Not recording")


def test_a_recording_without_its_numbers_is_not_called_one():
    assert shown(phase=AgentPhase.RECORDING).stage == "fault"


def test_scorable_seconds_are_shown_against_the_goal():
    coverage = Coverage(checks=100, checks_all_faus=71, scorable_s=71.0, scorable_s_in_time=60.0)
    recording = shown(phase=AgentPhase.RECORDING, recording=recording_of(PLAN, coverage=coverage)).recording
    assert recording is not None
    assert (recording.coverage, recording.scorable, recording.goal_share) == ("71 %", "71", 0.8)
    assert recording.goal == "60 of 75 s needed in the first 10 min"


def test_units_are_lit_by_a_fresh_check_only():
    fresh = shown(face=face(Fau.EARS), face_age_s=1.0).face
    old = shown(face=face(*ALL_FOUR), face_age_s=30.0).face
    assert [fau.fau for fau in fresh.faus if fau.lit] == [Fau.EARS]
    assert not any(fau.lit for fau in old.faus)
    assert old.boxes == ()


def test_advice_says_what_is_hidden_and_for_how_long():
    words = shown(advice=(Advice(kind=AdviceKind.FAU_HIDDEN, fau=Fau.EARS, for_s=42.0),)).face
    assert words.advice == "Ears hidden for 42 s: is something in front?"


def test_the_verdict_says_how_many_seconds_can_be_scored():
    words = shown(verdict=verdict()).verdict
    assert words is not None
    assert (words.kind, words.summary) == ("enough", "scorable: 431 of 600 s, 4 FAUs")


def test_without_a_face_check_the_verdict_judges_nothing():
    words = shown(verdict=verdict(None)).verdict
    assert words is not None
    assert (words.kind, words.summary) == ("unknown", "recorded: 10 min")


def test_a_placeholder_score_is_never_shown_without_its_warning():
    words = shown(verdict=verdict(scored_mean=3.4, scored_frames=40, scored_placeholder=True)).verdict
    assert words is not None
    assert words.score == "mean MGS 3.4 over 40 frames"
    assert words.score_warning


def test_the_verdict_waits_until_the_rig_is_idle():
    assert shown(phase=AgentPhase.PREFLIGHT, verdict=verdict()).stage == "preflight"
    assert shown(verdict=verdict()).stage == "verdict"


def test_uploads_are_told_in_hours_and_what_needs_a_person_comes_first():
    waiting = shown(queue=queue(waiting=(queued(State.QUEUED, 5),))).uploads
    stopped = shown(queue=queue(waiting=(queued(State.QUEUED, 5),), stopped=(queued(State.QUARANTINED, 9, CHANGED),))).uploads
    assert waiting.line == "1 waiting, the oldest for 5 h"
    assert stopped.line == "1 stopped: somebody has to look"
    assert stopped.sessions[0].trouble == "A file of a sealed session changed on the disk"


def test_an_alert_leads_to_its_page():
    (alert,) = shown(alerts=(HUB_AWAY,)).alerts
    assert (alert.href, alert.text, alert.tone) == ("/faults/W_HUB_UNREACHABLE", "The hub cannot be reached", "warn")


def test_each_mistake_in_the_settings_has_a_line_of_its_own():
    safe = shown(**STATES["safe-mode"]).safe_mode
    assert safe is not None
    assert [mistake.split(":")[0] for mistake in safe.mistakes] == ["/etc/grimace/rig.toml", "line 31"]
    assert safe.can_go_on


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_no_group_is_shown_anywhere(state):
    assert "group" not in shown(**state).model_dump_json().lower()
