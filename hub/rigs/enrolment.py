"""Enrolment codes: six digits that a person types on a rig's touchscreen, and that make the rig the lab's.

A million codes are few, so what protects them is that guessing is short: a code works once, for 15 minutes, and only until 20
wrong ones were tried anywhere; the routes allow each address five wrong tries a minute besides.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, select, update
from sqlalchemy.orm import Session

from hub.accounts import service, tokens
from hub.database import Database
from hub.tables import Enrolment, Lab, TokenKind
from shared.api import Enrolled, EnrolmentCode, EnrolmentRequest

LIVES = timedelta(minutes=15)
DIGITS = 6
WRONG_TRIES_ALLOWED = 20
OPEN_CODES_OF_A_LAB = 5
"""A lab's oldest open code gives way to a sixth: every open one makes a guess likelier, and every try dearer."""

SCRYPT_COST = 2**13
"""With blocks of 1 KiB: 8 MiB and some 20 ms a try. Whoever reads the database needs hours for a code that lives minutes."""


def make_code(session: Session, lab: Lab, created_by: int | None, now: datetime) -> EnrolmentCode:
    """A new code for the lab, which no open one equals. `created_by` is the id of the user who asked."""
    opened = list(session.scalars(_open(now)))
    code = _random_code()
    while any(_fits(row, code) for row in opened):
        code = _random_code()
    for given_up in [row for row in opened if row.lab_id == lab.id][: 1 - OPEN_CODES_OF_A_LAB]:
        given_up.expires_at = now
    row = Enrolment(lab_id=lab.id, salt=secrets.token_hex(16), created_by=created_by, created_at=now, expires_at=now + LIVES)
    row.code_hash = _hash(row.salt, code)
    session.add(row)
    return EnrolmentCode(code=code, lab=lab.name, expires_at=row.expires_at)


def redeem(database: Database, wanted: EnrolmentRequest, now: datetime) -> Enrolled | None:
    """Use a code up and make the rig the lab's, with a new token, which voids older ones. None: the code is not right.

    Every open code is looked at, whichever fits, so that the time taken tells nothing; and outside the writing transaction,
    because each look is slow on purpose.
    """
    with database.reading() as session:
        fitting = [row for row in session.scalars(_open(now)) if _fits(row, wanted.code)]
    with database.writing() as session:
        taken = _take(session, fitting[0], now) if fitting else None
        if taken is None:
            session.execute(update(Enrolment).where(_is_open(now)).values(wrong_tries=Enrolment.wrong_tries + 1))
            return None
        rig = service.add_rig(session, taken.lab, wanted.rig_id, now)
        tokens.revoke_all_of_rig(session, rig, now)
        secret = tokens.issue(session, TokenKind.RIG, f"rig {rig.name}, enrolled by code", now, lab=taken.lab, rig=rig)
        return Enrolled(lab=taken.lab.name, rig_id=rig.name, token=secret)


def _take(session: Session, row: Enrolment, now: datetime) -> Enrolment | None:
    """Use the code up, unless somebody else just did."""
    using = update(Enrolment).where(Enrolment.id == row.id, _is_open(now)).values(used_at=now)
    used = session.execute(using)
    return session.get(Enrolment, row.id) if used.rowcount == 1 else None  # type: ignore[attr-defined]  # a CursorResult, typed as Result


def _open(now: datetime) -> Select[Enrolment]:
    return select(Enrolment).where(_is_open(now)).order_by(Enrolment.id)


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(Enrolment.used_at.is_(None), Enrolment.expires_at > now, Enrolment.wrong_tries < WRONG_TRIES_ALLOWED)


def _random_code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def _fits(row: Enrolment, code: str) -> bool:
    return hmac.compare_digest(row.code_hash, _hash(row.salt, code))


def _hash(salt: str, code: str) -> str:
    return hashlib.scrypt(code.encode(), salt=salt.encode(), n=SCRYPT_COST, r=8, p=1, dklen=32).hex()
