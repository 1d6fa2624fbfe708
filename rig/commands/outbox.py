"""`queue`, `retry` and `enrol`: what waits to be sent to the hub, and which hub that is."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from rig.commands.options import DEFAULT_CONFIG, AsJson, Camera, Config, console, faults_explained
from rig.settings import load_settings
from rig.upload import enrolment
from rig.upload.commands import retry_session, show_queue
from shared.clock import SystemClock


def queue(config: Config = DEFAULT_CONFIG, camera: Camera = None, as_json: AsJson = False) -> None:
    """What waits to be sent to the hub, since when, and what is wrong."""
    with faults_explained():
        show_queue(load_settings(config, camera), SystemClock(), Console(), as_json)


def retry(
    session: Annotated[str, typer.Argument(help="A session's id, or its beginning.")],
    config: Config = DEFAULT_CONFIG,
    camera: Camera = None,
) -> None:
    """Have a session sent again now, also one that was refused or kept back."""
    with faults_explained():
        again = retry_session(load_settings(config, camera), session, SystemClock())
    console.print(f"{again.session_id}: {again.state.value}")


def enrol(
    code: Annotated[str, typer.Argument(help="The six digits that the lab's supervisor was given.")],
    hub: Annotated[str, typer.Option(help="The hub's address, like https://grimace.example.org.")],
    config: Config = DEFAULT_CONFIG,
    camera: Camera = None,
) -> None:
    """Make this rig the lab's: get a token for the code, and write it and the hub's address beside and into the settings."""
    with faults_explained():
        enrolled = enrolment.enrol(config, hub, code, camera)
    console.print(f"{enrolled.rig_id} belongs to {enrolled.lab} now", markup=False)
