"""The hub's tables. The rows are the truth: messages and caches only point at them.

Every table that belongs to a lab carries `lab_id`, and is referred to by (lab_id, id), so that no row can point into another lab.
Ids that appear in URLs are random texts (`uid`); integers stay inside.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.database import Table, UtcDateTime, choice
from shared.api import AnalysisState, FileState, SessionState


class Role(StrEnum):
    """What a person may do in a lab (paper, "platform")."""

    STANDARD = "standard"  # upload, start analyses, view results
    SCORER = "scorer"  # and annotate
    SUPERVISOR = "supervisor"  # and manage


class TokenKind(StrEnum):
    RIG = "rig"
    WORKER = "worker"
    API = "api"  # a person's script
    BROWSER = "browser"  # a signed-in browser
    SIGN_IN = "sign_in"  # a one-time link that becomes a browser token


class Lab(Table):
    __tablename__ = "labs"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class User(Table):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    memberships: Mapped[list[Membership]] = relationship(back_populates="user")


class Membership(Table):
    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    lab_id: Mapped[int] = mapped_column(ForeignKey("labs.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(choice(Role))

    user: Mapped[User] = relationship(back_populates="memberships")
    lab: Mapped[Lab] = relationship()


class Rig(Table):
    __tablename__ = "rigs"
    __table_args__ = (UniqueConstraint("lab_id", "id"), UniqueConstraint("lab_id", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    lab_id: Mapped[int] = mapped_column(ForeignKey("labs.id"))
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_heartbeat: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class Token(Table):
    """A secret that was handed out; only its SHA-256 is kept, so a stolen database opens nothing."""

    __tablename__ = "tokens"
    __table_args__ = (ForeignKeyConstraint(["lab_id", "rig_id"], ["rigs.lab_id", "rigs.id"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TokenKind] = mapped_column(choice(TokenKind))
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(200))
    lab_id: Mapped[int | None] = mapped_column(ForeignKey("labs.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    rig_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Enrolment(Table):
    """A code of six digits that was handed out to make a rig the lab's; only a slow salted hash of it is kept."""

    __tablename__ = "enrolments"

    id: Mapped[int] = mapped_column(primary_key=True)
    lab_id: Mapped[int] = mapped_column(ForeignKey("labs.id"))
    salt: Mapped[str] = mapped_column(String(32))
    code_hash: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wrong_tries: Mapped[int] = mapped_column(default=0)
    """Wrong codes that anybody tried while this one was open."""

    lab: Mapped[Lab] = relationship()


class RecordingSession(Table):
    """A session as announced, received, verified; `announcement` and `manifest` are the documents as they came."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("lab_id", "id"),
        UniqueConstraint("lab_id", "uid"),
        ForeignKeyConstraint(["lab_id", "rig_id"], ["rigs.lab_id", "rigs.id"]),
        Index("ix_sessions_lab_recorded", "lab_id", "recorded_at"),
        Index("ix_sessions_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36))
    lab_id: Mapped[int] = mapped_column(ForeignKey("labs.id"))
    rig_id: Mapped[int | None]
    state: Mapped[SessionState] = mapped_column(choice(SessionState))
    announcement: Mapped[dict[str, Any]] = mapped_column(JSON)
    announcement_sha256: Mapped[str] = mapped_column(String(64))
    manifest: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    duration_s: Mapped[float | None]
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    fault_code: Mapped[str | None] = mapped_column(String(40))
    fault_detail: Mapped[str] = mapped_column(String(1000), default="")
    receipt_number: Mapped[str | None] = mapped_column(String(36), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    lab: Mapped[Lab] = relationship()
    rig: Mapped[Rig | None] = relationship(
        viewonly=True, primaryjoin="RecordingSession.rig_id == Rig.id", foreign_keys="RecordingSession.rig_id"
    )
    files: Mapped[list[SessionFile]] = relationship(back_populates="session", order_by="SessionFile.id")
    analyses: Mapped[list[Analysis]] = relationship(back_populates="session", order_by="Analysis.id")


class SessionFile(Table):
    """A file that the announcement lists; when verified it lies in the session's folder under its name."""

    __tablename__ = "session_files"
    __table_args__ = (
        UniqueConstraint("lab_id", "id"),
        UniqueConstraint("session_id", "name"),
        ForeignKeyConstraint(["lab_id", "session_id"], ["sessions.lab_id", "sessions.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lab_id: Mapped[int]
    session_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[FileState] = mapped_column(choice(FileState))
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    session: Mapped[RecordingSession] = relationship(back_populates="files")
    upload: Mapped[Upload | None] = relationship(back_populates="file", uselist=False)


class Upload(Table):
    """A tus upload of one file. Its bytes lie in the incoming folder under its uid until the whole session is verified.

    `offset_bytes` is written only after those bytes are synced to disk: it is what a resumed upload may trust. A whole upload
    keeps its row until it expires, so that a client that missed the last answer still learns that it is done.
    """

    __tablename__ = "uploads"
    __table_args__ = (ForeignKeyConstraint(["lab_id", "file_id"], ["session_files.lab_id", "session_files.id"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    lab_id: Mapped[int]
    file_id: Mapped[int] = mapped_column(unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    metadata_header: Mapped[str] = mapped_column(String(2000), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    file: Mapped[SessionFile] = relationship(back_populates="upload")


class Analysis(Table):
    """One run of one build over one session. `fence` belongs to the worker that holds it; a write with another one is refused."""

    __tablename__ = "analyses"
    __table_args__ = (
        UniqueConstraint("lab_id", "id"),
        UniqueConstraint("session_id", "build", "rate"),
        ForeignKeyConstraint(["lab_id", "session_id"], ["sessions.lab_id", "sessions.id"]),
        Index("ix_analyses_state_priority", "state", "priority", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    lab_id: Mapped[int] = mapped_column(ForeignKey("labs.id"))
    session_id: Mapped[int]
    build: Mapped[str] = mapped_column(String(61))
    rate: Mapped[float]
    priority: Mapped[int] = mapped_column(default=5)
    state: Mapped[AnalysisState] = mapped_column(choice(AnalysisState), default=AnalysisState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)
    fence: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    frames_done: Mapped[int] = mapped_column(default=0)
    frames_planned: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(100))
    fault_code: Mapped[str | None] = mapped_column(String(40))
    fault_detail: Mapped[str] = mapped_column(String(1000), default="")
    table_sha256: Mapped[str | None] = mapped_column(String(64))
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    session: Mapped[RecordingSession] = relationship(back_populates="analyses")
