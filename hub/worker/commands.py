"""`grimace-hub worker`."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub.worker.process import WorkFolderTaken, run_worker
from hub.worker.runner import WorkerSettings
from shared.faults import GrimaceError
from shared.logs import configure_logging

DEFAULT_WORK_FOLDER = Path(tempfile.gettempdir()) / "grimace-worker"


def worker(
    hub: Annotated[str, typer.Option(help="The hub's address, such as https://hub.example.org")],
    token_file: Annotated[
        Path, typer.Option(help="File that holds a token of `grimace-hub token worker`", exists=True, dir_okay=False)
    ],
    broker: Annotated[
        str | None, typer.Option(help="The hub's broker, amqp://…; without one the hub is asked every few seconds")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Inference threads")] = 1,
    name: Annotated[str, typer.Option(help="How the hub calls this worker")] = socket.gethostname(),
    work_folder: Annotated[
        Path, typer.Option(help="For files in work; each worker of a machine needs its own")
    ] = DEFAULT_WORK_FOLDER,
    builds_folder: Annotated[Path | None, typer.Option(help="Where builds lie, unless those that come along are meant")] = None,
) -> None:
    """Score for a hub, from any machine that reaches it over HTTP. SIGTERM gives the analysis in hand back."""
    configure_logging()
    settings = WorkerSettings(name=name, work_folder=work_folder, builds_folder=builds_folder, threads=threads)
    try:
        run_worker(hub, token_file.read_text(encoding="utf-8").strip(), broker, settings)
    except (WorkFolderTaken, GrimaceError, OSError) as error:
        Console(stderr=True).print(f"[bold red]{error}")
        raise typer.Exit(1) from None
