"""`grimace-hub`. A machine that only scores (installed with the extra `worker`) has just the commands worker and score."""

from __future__ import annotations

from importlib.util import find_spec

import typer

from hub.scoring.commands import score
from hub.worker.commands import worker

app = typer.Typer(no_args_is_help=True, help="The hub: stores sessions, has them scored, serves the results.")
if find_spec("fastapi") is not None:
    from hub.administration import app as administration

    app.add_typer(administration)
app.command()(score)
app.command()(worker)
