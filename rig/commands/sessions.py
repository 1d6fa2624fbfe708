"""`record`, `status`, `stop` and `salvage`: sessions, by way of the running camera process or after it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rig.commands.options import DEFAULT_CONFIG, EXIT_FAULT, AsJson, Camera, Config, console, explain, faults_explained
from rig.control import CameraControl, CameraState, FinishedSession
from rig.data_lock import data_lock
from rig.recording.reserve import SpaceReserve
from rig.recording.salvage import salvage as salvage_sessions
from rig.settings import load_settings
from rig.waiting import record_and_wait
from shared.faults import FAULTS
from shared.logs import configure_logging
from shared.manifest import StudyMetadata


def record(
    seconds: Annotated[float, typer.Option(help="How long to record.", min=0.1)],
    config: Config = DEFAULT_CONFIG,
    camera: Camera = None,
    study: Annotated[str, typer.Option(help="The study.")] = "",
    animal: Annotated[str, typer.Option(help="The animal's code.")] = "",
    phase: Annotated[str, typer.Option(help="baseline, post, …")] = "",
    operator: Annotated[str, typer.Option(help="Who records.")] = "",
    subject_type: Annotated[str, typer.Option(help="What is filmed; decides the scale.")] = "c57bl/6",
    as_json: AsJson = False,
) -> None:
    """Ask the running camera for a recording, wait until it is sealed, and say where it is."""
    with faults_explained():
        control = CameraControl(load_settings(config, camera).data_folder)
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
        explain(FAULTS[record.code], record.detail)
    if finished.counts is not None:
        counts = finished.counts
        console.print(f"{finished.outcome}: {counts.written} of {counts.expected} frames written, {counts.dropped} missing")
    else:
        console.print(finished.outcome)
    print(finished.session_id)
    print(finished.folder)


def status(config: Config = DEFAULT_CONFIG, camera: Camera = None, as_json: AsJson = False) -> None:
    """What the camera process is doing, as observed on the disk."""
    with faults_explained():
        state = CameraControl(load_settings(config, camera).data_folder).status()
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


def stop(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """End the recording now; it is sealed with what there is."""
    with faults_explained():
        CameraControl(load_settings(config, camera).data_folder).stop()


def salvage(config: Config = DEFAULT_CONFIG, camera: Camera = None, as_json: AsJson = False) -> None:
    """Repair and seal what a crash left open, while the camera process is not running (it does the same at its start)."""
    configure_logging("WARNING")
    with faults_explained():
        settings = load_settings(config, camera)
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
