"""Labs, people and rigs: creating them and finding them."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from uuid import uuid4

from pwdlib import PasswordHash
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.tables import Lab, Membership, Rig, Role, User

RIG_NAME = re.compile(r"[a-z0-9-]{3,32}")
"""Rig names double as MQTT user names and topic levels."""

SHORTEST_PASSWORD = 10

_passwords = PasswordHash.recommended()


class AccountError(ValueError):
    """Something about the account is not acceptable; the message says what and how to mend it."""


def create_lab(session: Session, name: str, now: datetime) -> Lab:
    """Add a lab; its name is unique on this hub."""
    name = name.strip()
    if not name:
        raise AccountError("a lab needs a name")
    if lab_exists(session, name):
        raise AccountError(f"there is a lab {name!r} already")
    lab = Lab(uid=str(uuid4()), name=name, created_at=now)
    session.add(lab)
    session.flush()
    return lab


def lab_exists(session: Session, name: str) -> bool:
    """Whether there is a lab of that name."""
    return session.scalar(select(Lab).where(Lab.name == name.strip())) is not None


def find_lab(session: Session, name: str) -> Lab:
    """The lab of that name; AccountError names those that there are."""
    lab = session.scalar(select(Lab).where(Lab.name == name.strip()))
    if lab is None:
        known = ", ".join(session.scalars(select(Lab.name).order_by(Lab.name))) or "none yet"
        raise AccountError(f"there is no lab {name!r}; labs: {known}")
    return lab


def add_user(session: Session, lab: Lab, email: str, name: str, role: Role, now: datetime) -> User:
    """Make a person a member of the lab, creating the account where there is none."""
    email = email.strip().lower()
    if "@" not in email:
        raise AccountError(f"{email!r} is not an e-mail address")
    user = session.scalar(select(User).where(User.email == email))
    if user is None:
        user = User(uid=str(uuid4()), email=email, name=name.strip() or email, created_at=now)
        session.add(user)
        session.flush()
    membership = session.get(Membership, (user.id, lab.id))
    if membership is None:
        session.add(Membership(user_id=user.id, lab_id=lab.id, role=role))
    else:
        membership.role = role
    return user


def remove_user(session: Session, lab: Lab, user: User) -> None:
    """End a person's membership of the lab; AccountError when there is none. The account stays, for other labs."""
    membership = session.get(Membership, (user.id, lab.id))
    if membership is None:
        raise AccountError(f"{user.email} is no member of {lab.name}")
    session.delete(membership)


def find_user(session: Session, email: str) -> User:
    """The person with that address; AccountError when there is none."""
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise AccountError(f"there is no account for {email!r}")
    return user


def add_rig(session: Session, lab: Lab, name: str, now: datetime) -> Rig:
    """Add a rig to the lab; adding it again answers the one that there is."""
    if not RIG_NAME.fullmatch(name):
        raise AccountError(f"{name!r} is not a rig name: 3 to 32 of a-z, 0-9 and -")
    rig = session.scalar(select(Rig).where(Rig.lab_id == lab.id, Rig.name == name))
    if rig is None:
        rig = Rig(uid=str(uuid4()), lab_id=lab.id, name=name, created_at=now)
        session.add(rig)
        session.flush()
    return rig


def hash_password(password: str) -> str:
    """Argon2id hash of an acceptable password."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(f"a password has at least {SHORTEST_PASSWORD} characters")
    return _passwords.hash(password)


@cache
def _nobodys_hash() -> str:
    """Made when first needed: argon2 takes 64 MB for a moment, which a hub that only takes uploads need not have."""
    return _passwords.hash("no account has this password")


def password_fits(user: User | None, password: str) -> bool:
    """Whether the password opens the account. Takes as long for an unknown account, so that timing tells nothing."""
    stored = user.password_hash if user and user.password_hash else _nobodys_hash()
    return _passwords.verify(password, stored) and user is not None and user.password_hash is not None
