"""The commands of a machine that holds a hub: serve, migrate, and set up labs, people, rigs and workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from tempfile import NamedTemporaryFile
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from hub.accounts import service, tokens
from hub.accounts.service import AccountError
from hub.database import Database
from hub.rigs import enrolment
from hub.schema import migrate as migrate_schema
from hub.server import listen, server_of
from hub.settings import HubSettings, SettingsError, read_settings
from hub.tables import Lab, Role, TokenKind, User
from shared.clock import SystemClock
from shared.logs import configure_logging

app = typer.Typer()
lab = typer.Typer(no_args_is_help=True, help="Labs.")
user = typer.Typer(no_args_is_help=True, help="People.")
rig = typer.Typer(no_args_is_help=True, help="Rigs.")
token = typer.Typer(no_args_is_help=True, help="Tokens: for workers on other machines, and what was handed out.")
for group, name in ((lab, "lab"), (user, "user"), (rig, "rig"), (token, "token")):
    app.add_typer(group, name=name)

console = Console()
SIGN_IN_LIVES = timedelta(hours=24)


def fail(message: str) -> NoReturn:
    """Say what went wrong and end with 1."""
    Console(stderr=True).print(f"[bold red]{message}")
    raise typer.Exit(1)


def settings_or_fail() -> HubSettings:
    """The settings; a mistake in them ends the command with its place."""
    try:
        return read_settings()
    except SettingsError as error:
        fail(f"The settings cannot be used: {error}")


def prepare_data_folder(settings: HubSettings) -> None:
    """Make the folder; one that cannot be written to ends the command."""
    try:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=settings.data_folder):
            pass
    except OSError as error:
        fail(
            f"The data folder {settings.data_folder} cannot be written to: {error.strerror}. Give it to this user or set another."
        )


@contextmanager
def database_session() -> Iterator[Session]:
    """A writing transaction on the configured hub's database; account errors end the command with their message."""
    settings = settings_or_fail()
    prepare_data_folder(settings)
    migrate_schema(settings.database)
    database = Database(settings.database)
    try:
        with database.writing() as session:
            yield session
    except AccountError as error:
        fail(str(error))
    finally:
        database.close()


@app.command()
def serve() -> None:
    """Run the hub. Settings come from GRIMACE_HUB_… variables and the TOML file named by GRIMACE_HUB_SETTINGS."""
    configure_logging()
    settings = settings_or_fail()
    prepare_data_folder(settings)
    try:
        listening = listen(settings)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason = os.strerror(error.errno) if error.errno else str(error)  # Python puts the address into `strerror`
        fail(f"The hub cannot listen at {where}: {reason}. End what does, or set another host or port.")
    server_of(settings).run(sockets=[listening])


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema; `serve` does it by itself."""
    settings = settings_or_fail()
    prepare_data_folder(settings)
    migrate_schema(settings.database)
    console.print("the database has this version's schema")


@lab.command("add")
def add_lab(name: str, exist_ok: Annotated[bool, typer.Option("--exist-ok", help="Keep a lab of that name.")] = False) -> None:
    """Add a lab."""
    with database_session() as session:
        if exist_ok and service.lab_exists(session, name):
            return
        service.create_lab(session, name, SystemClock().now())
    console.print(f"added the lab {name}")


@user.command("add")
def add_user(
    email: str,
    lab_name: Annotated[str, typer.Option("--lab")],
    name: str = "",
    role: Role = Role.STANDARD,
) -> None:
    """Add a person to a lab and print a link that signs them in once, within a day."""
    now = SystemClock().now()
    with database_session() as session:
        home = service.find_lab(session, lab_name)
        person = service.add_user(session, home, email, name, role, now)
        print(sign_in_link(session, home, person, now))


@user.command("link")
def make_sign_in_link(email: str, lab_name: Annotated[str, typer.Option("--lab")]) -> None:
    """Print a new link that signs a person in once, within a day."""
    with database_session() as session:
        home, person = service.find_lab(session, lab_name), service.find_user(session, email)
        print(sign_in_link(session, home, person, SystemClock().now()))


def sign_in_link(session: Session, home: Lab, person: User, now: datetime) -> str:
    """The address that signs the person in."""
    secret = tokens.issue(session, TokenKind.SIGN_IN, "sign-in link", now, lab=home, user=person, lives=SIGN_IN_LIVES)
    return f"{settings_or_fail().url}/sign-in/{secret}"


@user.command("remove")
def remove_user(email: str, lab_name: Annotated[str, typer.Option("--lab")]) -> None:
    """End a person's membership of a lab, and every token that the person has there."""
    with database_session() as session:
        home, person = service.find_lab(session, lab_name), service.find_user(session, email)
        service.remove_user(session, home, person)
        tokens.revoke_all_of(session, person, home, SystemClock().now())
    console.print(f"{email} is no longer a member of {lab_name}")


@user.command("password")
def set_password(email: str) -> None:
    """Ask for a person's new password, twice, and set it."""
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)  # before the transaction: typing takes long
    with database_session() as session:
        service.find_user(session, email).password_hash = service.hash_password(password)


@user.command("token")
def add_api_token(email: str, lab_name: Annotated[str, typer.Option("--lab")], label: str = "script") -> None:
    """Print a new API token of a person; it is shown once."""
    now = SystemClock().now()
    with database_session() as session:
        home, person = service.find_lab(session, lab_name), service.find_user(session, email)
        secret = tokens.issue(session, TokenKind.API, label, now, lab=home, user=person)
    print(secret)


@rig.command("add")
def add_rig(name: str, lab_name: Annotated[str, typer.Option("--lab")]) -> None:
    """Add a rig to a lab and print its token; it is shown once."""
    now = SystemClock().now()
    with database_session() as session:
        home = service.find_lab(session, lab_name)
        added = service.add_rig(session, home, name, now)
        secret = tokens.issue(session, TokenKind.RIG, f"rig {name}", now, lab=home, rig=added)
    print(secret)


@rig.command("code")
def make_enrolment_code(lab_name: Annotated[str, typer.Option("--lab")]) -> None:
    """Print a code of six digits; typed on a rig within 15 minutes, it makes the rig the lab's."""
    with database_session() as session:
        made = enrolment.make_code(session, service.find_lab(session, lab_name), None, SystemClock().now())
    print(made.code)


@token.command("worker")
def add_worker_token(label: str) -> None:
    """Print a token with which a worker on another machine may score for this hub; it is shown once."""
    with database_session() as session:
        secret = tokens.issue(session, TokenKind.WORKER, label, SystemClock().now())
    print(secret)


@token.command("list")
def list_tokens() -> None:
    """Show the tokens that open something; their secrets are not known here."""
    table = Table("number", "kind", "what for", "made", "last used", box=None)
    with database_session() as session:
        for row in tokens.valid(session, SystemClock().now()):
            used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never"
            table.add_row(str(row.id), row.kind, row.label, f"{row.created_at:%Y-%m-%d %H:%M}", used)
    console.print(table)


@token.command("revoke")
def revoke_token(number: int) -> None:
    """Make a lost or stolen token worthless at once; `token list` shows the numbers."""
    with database_session() as session:
        revoked = tokens.revoke(session, number, SystemClock().now())
    if not revoked:
        fail(f"there is no valid token {number}; `grimace-hub token list` shows those that there are")
    console.print(f"token {number} opens nothing any more")
