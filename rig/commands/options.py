"""What the commands have in common: their options, and how a fault is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rig.supervisor import EXIT_FOR_GOOD
from shared.faults import OUTBOX_BUSY, RIG_ALREADY_RUNS, SETTINGS_INVALID, Fault, GrimaceError

DEFAULT_CONFIG = Path("grimace-rig.toml")
EXIT_FAULT = 1
UNTIL_A_PERSON_ACTS = frozenset({SETTINGS_INVALID, RIG_ALREADY_RUNS, OUTBOX_BUSY})
"""Faults that a restart of a process would only repeat."""

Config = Annotated[Path, typer.Option("--config", "-c", help="The rig's settings (rig/grimace-rig.toml is the sample).")]
Camera = Annotated[
    str | None,
    typer.Option(
        "--camera", help="Use this backend (sim, replay, v4l2, picamera), whatever the settings say; needs no settings."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

console = Console(stderr=True)


@contextmanager
def faults_explained() -> Iterator[None]:
    """Show a fault as what it is and what to do about it, and exit with a status that tells whether trying again can help."""
    try:
        yield
    except GrimaceError as error:
        explain(error.fault, error.detail)
        raise typer.Exit(EXIT_FOR_GOOD if error.fault in UNTIL_A_PERSON_ACTS else EXIT_FAULT) from error


def explain(fault: Fault, detail: str) -> None:
    """What it is, what was observed, what to do."""
    console.print(f"[bold red]{fault.code}[/] {fault.text}.")
    if detail:
        console.print(detail, markup=False, soft_wrap=True)
    console.print(f"[bold]→[/] {fault.remedy}")
