"""Faults are for people: each has a code, a sentence and a remedy."""

import re

from shared.faults import FAULTS, GrimaceError, Severity


def test_every_fault_says_what_it_is_and_what_to_do():
    for fault in FAULTS.values():
        assert fault.text, fault.code
        assert fault.remedy.endswith("."), fault.code


def test_a_codes_first_letter_is_its_severity():
    for fault in FAULTS.values():
        assert re.fullmatch(r"[EW]_[A-Z_0-9]+", fault.code)
        assert fault.code.startswith("W") == (fault.severity is Severity.WARNING)


def test_an_error_carries_its_fault_and_what_was_seen():
    error = GrimaceError(FAULTS["E_DISK_FULL"], "3 bytes free")
    assert str(error) == "E_DISK_FULL: The disk is full (3 bytes free)"
