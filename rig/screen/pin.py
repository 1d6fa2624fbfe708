"""The PIN in front of the settings: kept as a salted hash, and slow to guess."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from pathlib import Path

from pydantic import ValidationError

from shared.clock import NANOSECONDS, Clock
from shared.documents import Document
from shared.faults import NOT_VALID, WRONG_PIN, GrimaceError

PIN_NAME = "screen-pin.json"
SHORTEST, LONGEST = 4, 8

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
"""16 MiB and about 0.1 s on a Raspberry Pi 4 (RFC 7914, section 2, names r = 8 and p = 1 as usual for N = 2^14)."""

FREE_ATTEMPTS = 5
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 900.0


class PinRecord(Document):
    """What is kept of a PIN."""

    salt: str
    hashed: str


class Pin:
    """The rig's PIN, chosen by whoever opens the settings first."""

    def __init__(self, data_folder: Path, clock: Clock) -> None:
        self._path = data_folder / PIN_NAME
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong_in_a_row = 0
        self._closed_until_ns = 0

    @property
    def is_chosen(self) -> bool:
        return self._path.exists()

    def choose(self, pin: str) -> None:
        """Keep this PIN; raises GrimaceError(E_NOT_VALID) unless it has four to eight digits, or when there is one."""
        if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
            raise GrimaceError(NOT_VALID, f"a PIN has {SHORTEST} to {LONGEST} digits")
        with self._lock:
            if self.is_chosen:
                raise GrimaceError(NOT_VALID, "there is a PIN already")
            salt = secrets.token_bytes(16)
            PinRecord(salt=salt.hex(), hashed=_hashed(pin, salt)).write(self._path)

    def check(self, pin: str) -> None:
        """Raises GrimaceError(E_PIN) when it is wrong, unheard after too many wrong ones, or when none can be right."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            if now_ns < self._closed_until_ns:
                raise GrimaceError(WRONG_PIN, f"too many attempts: wait {(self._closed_until_ns - now_ns) / NANOSECONDS:.0f} s")
            record = self._read()
            if hmac.compare_digest(_hashed(pin, bytes.fromhex(record.salt)), record.hashed):
                self._wrong_in_a_row = 0
                return
            self._wrong_in_a_row += 1
            self._closed_until_ns = now_ns + round(wait_s(self._wrong_in_a_row) * NANOSECONDS)
        raise GrimaceError(WRONG_PIN)

    def _read(self) -> PinRecord:
        try:
            return PinRecord.read(self._path)
        except FileNotFoundError as error:
            raise GrimaceError(WRONG_PIN, "none is chosen yet") from error
        except (OSError, ValidationError) as error:
            raise GrimaceError(WRONG_PIN, f"{self._path} cannot be read; an administrator can remove it") from error


def wait_s(wrong_in_a_row: int) -> float:
    """How long no PIN is heard after so many wrong ones: nothing at first, then doubling up to a quarter of an hour."""
    if wrong_in_a_row < FREE_ATTEMPTS:
        return 0.0
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (wrong_in_a_row - FREE_ATTEMPTS))


def forget_pin(data_folder: Path) -> bool:
    """Remove the PIN, so that the next person who opens the settings chooses one; false when there was none."""
    path = data_folder / PIN_NAME
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def _hashed(pin: str, salt: bytes) -> str:
    return hashlib.scrypt(pin.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).hex()
