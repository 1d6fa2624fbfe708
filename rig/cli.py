"""`grimace-rig`: runs a rig's processes, records sessions, and tells what is going on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rig.camera.process import run_camera
from rig.control import CameraControl, CameraState, FinishedSession
from rig.data_lock import data_lock
from rig.recording.reserve import SpaceReserve
from rig.recording.salvage import salvage as salvage_sessions
from rig.settings import RigSettings, load_settings
from rig.supervisor import EXIT_FOR_GOOD, ProcessSpec, Supervisor
from rig.upload.commands import retry_session, show_queue
from rig.upload.process import run_uploader
from rig.waiting import record_and_wait
from shared.clock import SystemClock
from shared.faults import FAULTS, OUTBOX_BUSY, RIG_ALREADY_RUNS, SETTINGS_INVALID, Fault, GrimaceError
from shared.logs import configure_logging
from shared.manifest import StudyMetadata

app = typer.Typer(help="Records laboratory mice and loses nothing on the way.", no_args_is_help=True, add_completion=False)

DEFAULT_CONFIG = Path("grimace-rig.toml")
EXIT_FAULT = 1
UNTIL_A_PERSON_ACTS = frozenset({SETTINGS_INVALID, RIG_ALREADY_RUNS, OUTBOX_BUSY})
"""Faults that a restart of the camera or the uploader would only repeat."""


Config = Annotated[Path, typer.Option("--config", "-c", help="The rig's settings (rig/grimace-rig.toml is the sample).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

console = Console(stderr=True)


@contextmanager
def faults_explained() -> Iterator[None]:
    """Show a fault as what it is and what to do about it, and exit with a status that tells whether trying again can help."""
    try:
        yield
    except GrimaceError as error:
        _explain(error.fault, error.detail)
        raise typer.Exit(EXIT_FOR_GOOD if error.fault in UNTIL_A_PERSON_ACTS else EXIT_FAULT) from error


def _explain(fault: Fault, detail: str) -> None:
    console.print(f"[bold red]{fault.code}[/] {fault.text}.")
    if detail:
        console.print(detail, markup=False)
    console.print(f"[bold]→[/] {fault.remedy}")


@app.command()
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Start the camera and the uploader, restart what dies, and end them together."""
    configure_logging()
    with faults_explained():
        settings = load_settings(config)
    supervisor = Supervisor(_processes(settings, config), SystemClock())
    signal.signal(signal.SIGTERM, lambda *_: supervisor.ask_to_end())
    signal.signal(signal.SIGINT, lambda *_: supervisor.ask_to_end())
    raise typer.Exit(supervisor.run())


def _processes(settings: RigSettings, config: Path) -> list[ProcessSpec]:
    def own(command: str) -> ProcessSpec:
        return ProcessSpec(command, [sys.executable, "-m", "rig.cli", command, "--config", str(config.absolute())])

    return [own("camera"), *([own("uploader")] if settings.hub is not None else [])]


@app.command()
def camera(config: Config = DEFAULT_CONFIG) -> None:
    """The camera process alone."""
    configure_logging()
    with faults_explained():
        status = run_camera(load_settings(config))
    raise typer.Exit(status)


@app.command()
def uploader(config: Config = DEFAULT_CONFIG) -> None:
    """The uploader process alone."""
    configure_logging()
    with faults_explained():
        run_uploader(load_settings(config))


@app.command("face-check")
def face_check(config: Config = DEFAULT_CONFIG) -> None:
    """The face check alone; it ends with the process that started it."""
    from rig.face.process import run_face_check  # here: OpenCV and onnxruntime stay out of the other processes

    configure_logging()
    with faults_explained():
        status = run_face_check(load_settings(config))
    raise typer.Exit(status)


@app.command()
def record(
    seconds: Annotated[float, typer.Option(help="How long to record.", min=0.1)],
    config: Config = DEFAULT_CONFIG,
    study: Annotated[str, typer.Option(help="The study.")] = "",
    animal: Annotated[str, typer.Option(help="The animal's code.")] = "",
    phase: Annotated[str, typer.Option(help="baseline, post, …")] = "",
    operator: Annotated[str, typer.Option(help="Who records.")] = "",
    subject_type: Annotated[str, typer.Option(help="What is filmed; decides the scale.")] = "c57bl/6",
    as_json: AsJson = False,
) -> None:
    """Ask the running camera for a recording, wait until it is sealed, and say where it is."""
    with faults_explained():
        control = CameraControl(load_settings(config).data_folder)
        try:
            about = StudyMetadata(study=study, animal=animal, phase=phase, operator=operator, subject_type=subject_type)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        finished = record_and_wait(control, seconds, about, console if not as_json else None)
    _tell_finished(finished, as_json)
    if finished.outcome in {"empty", "unsealed"}:
        raise typer.Exit(EXIT_FAULT)


def _tell_finished(finished: FinishedSession, as_json: bool) -> None:
    if as_json:
        print(finished.model_dump_json())
        return
    for record in finished.faults:
        _explain(FAULTS[record.code], record.detail)
    if finished.counts is not None:
        counts = finished.counts
        console.print(f"{finished.outcome}: {counts.written} of {counts.expected} frames written, {counts.dropped} missing")
    else:
        console.print(finished.outcome)
    print(finished.session_id)
    print(finished.folder)


@app.command()
def status(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """What the camera process is doing, as observed on the disk."""
    with faults_explained():
        state = CameraControl(load_settings(config).data_folder).status()
    if as_json:
        print(state.model_dump_json())
    else:
        Console().print(_table(state))


def _table(state: CameraState) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("rig", state.rig_id)
    table.add_row("phase", state.phase.value)
    table.add_row("last frame", f"{state.last_frame_age_s:.1f} s ago")
    if (recording := state.recording) is not None:
        table.add_row("session", f"{recording.session_id}, part {recording.part}")
        table.add_row("recorded", f"{recording.elapsed_s:.1f} of {recording.planned_s:g} s")
        table.add_row("on disk", f"{recording.part_frames_written} frames, {recording.part_bytes / 1e6:.1f} MB of this part")
    if (last := state.last_session) is not None:
        table.add_row("last session", f"{last.session_id}: {last.outcome}")
    for session_id in state.unrepaired:
        table.add_row("not repaired yet", session_id)
    for fault in state.faults:
        table.add_row(fault.code, f"{FAULTS[fault.code].text}. {fault.detail}")
    return table


@app.command()
def stop(config: Config = DEFAULT_CONFIG) -> None:
    """End the recording now; it is sealed with what there is."""
    with faults_explained():
        CameraControl(load_settings(config).data_folder).stop()


@app.command()
def salvage(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Repair and seal what a crash left open, while the camera process is not running (it does the same at its start)."""
    configure_logging("WARNING")
    with faults_explained():
        settings = load_settings(config)
        with data_lock(settings.data_folder):
            SpaceReserve.of(settings.data_folder).release()
            result = salvage_sessions(settings.sessions_folder)
    for manifest in result.sealed:
        plain = f"{manifest.session_id}: {manifest.state.value}, {manifest.counts.written} frames"
        print(manifest.model_dump_json() if as_json else plain)
    for session_id in result.empty:
        console.print(f"{session_id}: no frame in it; set aside")
    for session_id, reason in result.failed.items():
        console.print(f"{session_id}: cannot be repaired: {reason}", markup=False)
    if result.failed:
        raise typer.Exit(EXIT_FAULT)


@app.command()
def queue(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """What waits to be sent to the hub, since when, and what is wrong."""
    with faults_explained():
        show_queue(load_settings(config), SystemClock(), Console(), as_json)


@app.command()
def retry(
    session: Annotated[str, typer.Argument(help="A session's id, or its beginning.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Have a session sent again now, also one that was refused or kept back."""
    with faults_explained():
        again = retry_session(load_settings(config), session, SystemClock())
    console.print(f"{again.session_id}: {again.state.value}")


if __name__ == "__main__":
    app()
