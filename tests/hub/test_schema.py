"""One schema for both databases, and no lost updates on either."""

import subprocess
import sys
import threading
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import Engine, event, inspect, select

from hub.database import Database, Table
from hub.schema import alembic_config, migrate
from hub.tables import Lab
from tests.sealed_sessions import RECORDED_AT

THREADS = 6
ROUNDS = 30


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.services)])
def url(request, tmp_path):
    """An empty database's URL."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path / 'hub.sqlite'}"
    return request.getfixturevalue("postgres").new_database()


def table_names(url):
    database = Database(url)
    try:
        return set(inspect(database.engine).get_table_names())
    finally:
        database.close()


def test_the_migrations_make_the_tables_that_the_program_declares(url):
    migrate(url)
    assert table_names(url) == {*Table.metadata.tables, "alembic_version"}
    command.check(alembic_config(url))


def test_the_way_back_and_forth_again_is_open(url):
    migrate(url)
    command.downgrade(alembic_config(url), "base")
    assert table_names(url) == {"alembic_version"}
    migrate(url)
    migrate(url)
    assert set(Table.metadata.tables) <= table_names(url)


def test_a_migration_that_is_cut_short_leaves_nothing_behind_and_can_be_run_again(url):
    def power_cut(_connection, _cursor, statement, *_rest):
        if "CREATE TABLE analyses" in statement:
            raise InterruptedError

    event.listen(Engine, "before_cursor_execute", power_cut)
    try:
        with pytest.raises(InterruptedError):
            migrate(url)
    finally:
        event.remove(Engine, "before_cursor_execute", power_cut)
    assert table_names(url) == set()
    migrate(url)
    assert set(Table.metadata.tables) <= table_names(url)


MIGRATE_WHEN_TOLD = """
import sys
from hub.schema import migrate
print("ready", flush=True)
sys.stdin.read()
migrate(sys.argv[1])
"""


def test_processes_that_start_together_on_an_empty_database_build_it_once(url):
    command = [sys.executable, "-c", MIGRATE_WHEN_TOLD, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 3
    for process in started:
        process.stdin.close()
    said = [process.stderr.read() for process in started]
    assert [process.wait() for process in started] == [0, 0, 0], said
    assert set(Table.metadata.tables) <= table_names(url)


@pytest.fixture
def database(url):
    migrate(url)
    opened = Database(url)
    yield opened
    opened.close()


def test_threads_that_read_and_then_write_lose_no_update(database):
    with database.writing() as session:
        session.add(Lab(uid=str(uuid4()), name="0", created_at=RECORDED_AT))

    def count():
        for _ in range(ROUNDS):
            with database.writing() as session:
                lab = session.scalars(select(Lab).with_for_update()).one()
                lab.name = str(int(lab.name) + 1)

    threads = [threading.Thread(target=count) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalars(select(Lab)).one().name == str(THREADS * ROUNDS)


def test_what_a_reading_transaction_changes_is_not_kept(database):
    with database.reading() as session:
        session.add(Lab(uid=str(uuid4()), name="Lab", created_at=RECORDED_AT))
        session.flush()
    with database.reading() as session:
        assert session.scalars(select(Lab)).all() == []
