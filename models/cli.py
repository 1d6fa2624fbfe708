"""`grimace-models`: look after the installed builds, paint synthetic stills, train the bundled scorers."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared.builds import Build, builds_in, open_build, verify_build
from shared.bundled import bundled_builds_folder
from shared.faults import GrimaceError

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_show_locals=False)

MEGABYTE = 1_000_000


@app.command("list")
def list_builds() -> None:
    """Show the installed builds."""
    table = Table("build", "subject types", "units scored", "placeholder", "size")
    faults = []
    for folder in builds_in(bundled_builds_folder()).values():
        try:
            table.add_row(*_row(verify_build(folder)))
        except GrimaceError as error:
            faults.append(error)
    Console().print(table)
    for fault in faults:
        typer.echo(str(fault), err=True)


@app.command()
def verify(name: Annotated[str | None, typer.Argument(help="A build's name; all builds without it.")] = None) -> None:
    """Hash the files of one build or of all; exit with 1 when any is not what its manifest says."""
    names = [name] if name else list(builds_in(bundled_builds_folder()))
    sound = bool(names)
    if not sound:
        typer.echo("no build is installed", err=True)
    for each in names:
        try:
            build = open_build(each)
        except GrimaceError as error:
            typer.echo(f"{error}\n{error.fault.remedy}", err=True)
            sound = False
        else:
            typer.echo(f"{build.name}: every file is what its manifest says (manifest {build.sha256[:12]}…)")
    if not sound:
        raise typer.Exit(1)


@app.command()
def render(
    out: Annotated[Path, typer.Option(help="Folder for the pictures and labels.")],
    count: Annotated[int, typer.Option(min=1, help="How many stills.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first still; the next one has the next seed.")] = 0,
) -> None:
    """Paint stills of synthetic mice in the chamber (1920x1080 PNG), each with its labels (JSON)."""
    _need(("cv2", "skimage"), "render")
    from models.synthetic.files import write_still
    from models.synthetic.still import random_still

    out.mkdir(parents=True, exist_ok=True)
    for each in range(seed, seed + count):
        typer.echo(write_still(random_still(each), out))


@app.command("train-scorers")
def train_scorers(
    out: Annotated[Path, typer.Option(help="Folder for the scorers.")],
    stills: Annotated[int | None, typer.Option(min=1, help="How many mice to paint for training.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="How many training steps for each scorer.")] = None,
) -> None:
    """Train the bundled build's scorers anew on synthetic mice; about a quarter of an hour on one core."""
    _need(("torch", "onnx", "onnxscript", "cv2", "skimage"), "train")
    from models.training.plans import TrainingPlan
    from models.training.train_scorers import manifest_tables, train_scorers

    logging.basicConfig(format="%(message)s")
    logging.getLogger("models").setLevel(logging.INFO)
    plan = TrainingPlan()
    out.mkdir(parents=True, exist_ok=True)
    trained = train_scorers(out, TrainingPlan(stills=stills or plan.stills, steps=steps or plan.steps))
    typer.echo(manifest_tables(trained))


def _row(build: Build) -> Iterable[str]:
    manifest = build.manifest
    size = sum(build.path_of(network).stat().st_size for network in (manifest.detector, *manifest.scorers.values()))
    placeholder = "yes" if manifest.placeholder else "no"
    return build.name, ", ".join(manifest.subject_types), ", ".join(manifest.scorers), placeholder, f"{size / MEGABYTE:.1f} MB"


def _need(modules: Iterable[str], extra: str) -> None:
    """End with a clear message when a command's extra is not installed."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        typer.echo(
            f"Not installed: {', '.join(missing)}. Install what this needs:  pip install --editable '.[{extra}]'", err=True
        )
        raise typer.Exit(1)
