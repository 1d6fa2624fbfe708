"""`grimace-hub score`: one video to scores, without a hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.results.archive import archive_of
from hub.results.painface_csv import csv_of
from hub.results.table import write_table
from shared.api import ScoreSummary
from shared.builds import builds_in, open_build
from shared.bundled import bundled_builds_folder
from shared.durable import replacing
from shared.faults import GrimaceError

if TYPE_CHECKING:
    from hub.scoring.analysis import Scored

REFUSED = 1
"""Exit code when the video cannot be scored."""


def score(
    video: Annotated[Path, typer.Argument(exists=True, help="A video, or a session folder of a rig.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the results; made when missing.")] = Path(),
    rate: Annotated[float, typer.Option(min=0.0001, max=1000, help="Sampling rate in frames/s.")] = 1.0,
    build: Annotated[str | None, typer.Option(help="Name of the build; the newest installed one if not given.")] = None,
    subject_type: Annotated[str, typer.Option(help="Kind of animal, by PainFace's name.")] = "c57bl/6",
    threads: Annotated[int, typer.Option(min=1, help="Threads for the networks.")] = 1,
) -> None:
    """Score a video and write CSV, ZIP, JSON and Parquet beside each other."""
    from hub.scoring.analysis import analyse_session  # needs onnxruntime, which a hub without a worker does not install

    console = Console(stderr=True)
    try:
        with _progress(console) as on_progress:
            scored = analyse_session(video, open_build(build or _newest_build()), rate, subject_type, on_progress, threads)
            written = write_results(scored, video, out)
    except GrimaceError as error:
        console.print(f"[red]{error.fault.code}[/] {error.fault.text}.", highlight=False)
        if error.detail:
            console.print(error.detail, highlight=False, markup=False)
        console.print(error.fault.remedy, highlight=False)
        raise typer.Exit(REFUSED) from error
    except OSError as error:
        console.print(f"[red]{error.strerror}[/]: {error.filename or out}", highlight=False)
        raise typer.Exit(REFUSED) from error
    _print_summary(console, scored.summary)
    for path in written:
        typer.echo(path)


def write_results(scored: Scored, recording: Path, out: Path) -> tuple[Path, ...]:
    """Write an analysis in every form, named after the recording; each file is there whole or not at all. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    stem = out / recording.resolve().stem
    table, document, text, archive = (stem.with_name(stem.name + end) for end in (".parquet", ".json", ".csv", ".zip"))
    write_table(scored.table, table)
    scored.summary.write(document)
    _write(text, csv_of(scored.table))
    _write(archive, archive_of(scored.table, scored.summary, recording))
    return text, archive, document, table


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with replacing(path) as file:
        file.writelines(pieces)


def _newest_build() -> str:
    """Builds end in their date; without any, the name that does not exist makes `open_build` say so."""
    return max(builds_in(bundled_builds_folder()), key=lambda name: name.rpartition("-")[2], default="(none)")


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TextColumn("frames"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, planned: progress.update(task, completed=done, total=planned)


def _print_summary(console: Console, summary: ScoreSummary) -> None:
    for warning in summary.warnings:
        detail = f" ({warning.detail})" if warning.detail else ""
        console.print(f"[yellow]{warning.code}[/] {warning.text}{detail}. {warning.remedy}", highlight=False)
    mean = "no frame shows every action unit" if summary.mean_mgs is None else f"mean grimace score {summary.mean_mgs:.2f}"
    console.print(f"{summary.frames_analysed} frames, {summary.frames_all_faus} with every action unit; {mean}", highlight=False)
