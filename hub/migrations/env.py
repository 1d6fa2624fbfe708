"""Alembic's environment: runs the migrations on the database that `hub.schema` names.

SQLite changes a table by copying and dropping it; with foreign keys on, that drop would delete the rows that point at it.
So they are off while migrating and checked afterwards.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

import hub.tables  # noqa: F401 - fills the metadata
from hub.database import Table

url = context.config.attributes["database_url"]
engine = create_engine(url, poolclass=pool.NullPool)

with engine.connect() as connection:
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text("PRAGMA busy_timeout=15000"))
        connection.commit()
    context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    if on_sqlite:
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"the migration left rows that point nowhere: {broken[:5]}")
