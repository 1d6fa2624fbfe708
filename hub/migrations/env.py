"""Alembic's environment: runs the migrations on the database that `hub.schema` names.

All of it is one transaction that one process at a time runs: a migration that is killed leaves nothing half made, and hubs that
start together on an empty database do not build it twice. SQLite changes a table by copying and dropping it; with foreign keys
on, that drop would delete the rows that point at it. So they are off while migrating and checked before anything is kept.
"""

from __future__ import annotations

import sqlite3

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool, text

import hub.tables  # noqa: F401 - fills the metadata
from hub.database import BUSY_TIMEOUT_MS, Table

POSTGRES_LOCK = 7_226_014
"""Any number, the same in every version: PostgreSQL's advisory lock that a migrating process holds until its transaction ends."""


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # pysqlite itself begins no transaction before CREATE TABLE
    for pragma in ("foreign_keys=OFF", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


engine = create_engine(context.config.attributes["database_url"], poolclass=pool.NullPool)
on_sqlite = engine.dialect.name == "sqlite"
if on_sqlite:
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if not on_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({POSTGRES_LOCK})"))
        context.run_migrations()
        if on_sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(f"the migration would leave rows that point nowhere: {broken[:5]}")
