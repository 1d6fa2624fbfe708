"""`queue` and `retry`: what waits to be sent to the hub."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from rig.commands.options import DEFAULT_CONFIG, AsJson, Camera, Config, console, faults_explained
from rig.settings import load_settings
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
