"""The PIN: kept as a hash, slow to guess, and forgotten on request."""

import pytest

from rig.screen.pin import PIN_NAME, Pin, forget_pin, wait_s
from shared.clock import ManualClock
from shared.faults import NOT_VALID, WRONG_PIN, GrimaceError


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def pin(tmp_path, clock):
    pin = Pin(tmp_path, clock)
    pin.choose("2468")
    return pin


def test_the_right_pin_opens(pin):
    pin.check("2468")


def test_a_wrong_pin_does_not(pin):
    with pytest.raises(GrimaceError) as refused:
        pin.check("2469")
    assert refused.value.fault is WRONG_PIN


@pytest.mark.parametrize("kept", [None, "{"])
def test_where_no_pin_can_be_read_none_opens(tmp_path, clock, kept):
    if kept is not None:
        (tmp_path / PIN_NAME).write_text(kept)
    with pytest.raises(GrimaceError) as refused:
        Pin(tmp_path, clock).check("2468")
    assert refused.value.fault is WRONG_PIN


def test_the_pin_itself_is_not_on_the_disk(pin, tmp_path):
    assert "2468" not in (tmp_path / PIN_NAME).read_text()


@pytest.mark.parametrize("bad", ["123", "123456789", "12a4", "", "１２３４"])
def test_a_pin_has_four_to_eight_digits(tmp_path, clock, bad):
    with pytest.raises(GrimaceError) as refused:
        Pin(tmp_path, clock).choose(bad)
    assert refused.value.fault is NOT_VALID


def test_a_chosen_pin_cannot_be_chosen_over(pin):
    with pytest.raises(GrimaceError):
        pin.choose("1111")


def test_after_five_wrong_ones_even_the_right_one_has_to_wait(pin, clock):
    for _ in range(5):
        with pytest.raises(GrimaceError):
            pin.check("0000")
    with pytest.raises(GrimaceError, match="too many"):
        pin.check("2468")
    clock.advance(30.1)
    pin.check("2468")


def test_waiting_doubles_up_to_a_quarter_of_an_hour():
    assert [wait_s(wrong) for wrong in (4, 5, 6, 7, 30)] == [0, 30, 60, 120, 900]


def test_a_forgotten_pin_can_be_chosen_anew(pin, tmp_path, clock):
    assert forget_pin(tmp_path)
    assert not forget_pin(tmp_path)
    Pin(tmp_path, clock).choose("1357")
