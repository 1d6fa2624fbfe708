"""Tokens: opaque 256-bit secrets, shown once, kept only as SHA-256, revocable."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from hub.permissions import Actor, Who
from hub.tables import Lab, Membership, Rig, Token, TokenKind, User
from shared.hashing import sha256_of_bytes

SECRET_BYTES = 32
USE_RECORDED_EVERY = timedelta(minutes=1)
"""`last_used_at` is not written more often than this: a read must not cost a write."""


def digest(secret: str) -> str:
    """What is stored of a secret. It has 256 random bits, so a fast hash is enough."""
    return sha256_of_bytes(secret.encode())


def issue(
    session: Session,
    kind: TokenKind,
    label: str,
    now: datetime,
    *,
    lab: Lab | None = None,
    user: User | None = None,
    rig: Rig | None = None,
    lives: timedelta | None = None,
) -> str:
    """Hand out a new token and return its secret; it cannot be shown again."""
    secret = f"grimace_{kind}_{secrets.token_urlsafe(SECRET_BYTES)}"
    session.add(
        Token(
            kind=kind,
            secret_sha256=digest(secret),
            label=label,
            lab_id=lab.id if lab else None,
            user_id=user.id if user else None,
            rig_id=rig.id if rig else None,
            created_at=now,
            expires_at=now + lives if lives else None,
        )
    )
    return secret


def find(session: Session, secret: str, kinds: frozenset[TokenKind], now: datetime) -> Token | None:
    """The valid token that has this secret and is of one of the kinds, or None."""
    token = session.scalar(select(Token).where(Token.secret_sha256 == digest(secret)))
    if token is None or token.kind not in kinds or token.revoked_at is not None:
        return None
    if token.expires_at is not None and token.expires_at <= now:
        return None
    return token


def record_use(session: Session, token_id: int, now: datetime) -> None:
    """Note that the token was used."""
    session.execute(update(Token).where(Token.id == token_id).values(last_used_at=now))


def use_is_stale(token: Token, now: datetime) -> bool:
    """Whether `last_used_at` is old enough to be written again."""
    return token.last_used_at is None or now - token.last_used_at > USE_RECORDED_EVERY


def take_sign_in(session: Session, secret: str, now: datetime) -> Token | None:
    """Use up a one-time sign-in link: it works once, whoever is first."""
    token = find(session, secret, frozenset({TokenKind.SIGN_IN}), now)
    if token is None:
        return None
    taken = session.execute(update(Token).where(Token.id == token.id, Token.revoked_at.is_(None)).values(revoked_at=now))
    return token if taken.rowcount == 1 else None  # type: ignore[attr-defined]  # a CursorResult, typed as Result


def revoke(session: Session, token_id: int, now: datetime) -> bool:
    """Make the token worthless from now on; False when it already was, or there is none."""
    revoked = session.execute(update(Token).where(Token.id == token_id, Token.revoked_at.is_(None)).values(revoked_at=now))
    return bool(revoked.rowcount == 1)  # type: ignore[attr-defined]  # a CursorResult, typed as Result


def valid(session: Session, now: datetime) -> list[Token]:
    """The tokens that open something, oldest first."""
    unrevoked = select(Token).where(Token.revoked_at.is_(None), or_(Token.expires_at.is_(None), Token.expires_at > now))
    return list(session.scalars(unrevoked.order_by(Token.id)))


def revoke_all_of(session: Session, user: User, lab: Lab, now: datetime) -> None:
    """Make every token of a person in a lab worthless."""
    held = (Token.user_id == user.id, Token.lab_id == lab.id, Token.revoked_at.is_(None))
    session.execute(update(Token).where(*held).values(revoked_at=now))


def revoke_all_of_rig(session: Session, rig: Rig, now: datetime) -> None:
    """Make every token that was handed out to a rig worthless."""
    session.execute(update(Token).where(Token.rig_id == rig.id, Token.revoked_at.is_(None)).values(revoked_at=now))


def actor_of(session: Session, token: Token) -> Actor | None:
    """Who the token stands for; None when its person has left the lab."""
    if token.kind is TokenKind.WORKER:
        return Actor(Who.WORKER, token.id)
    if token.kind is TokenKind.RIG:
        return Actor(Who.RIG, token.id, lab_id=token.lab_id, rig_id=token.rig_id)
    membership = session.get(Membership, (token.user_id, token.lab_id))
    if membership is None:
        return None
    return Actor(Who(membership.role), token.id, lab_id=token.lab_id, user_id=token.user_id)
