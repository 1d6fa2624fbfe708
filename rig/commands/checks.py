"""`check`, `take-reference` and `selftest`: whether a recording would be worth an animal's time.

What looks at pictures is imported in the commands: OpenCV stays out of the camera process.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rig.commands.options import DEFAULT_CONFIG, EXIT_FAULT, AsJson, Camera, Config, console, faults_explained
from rig.settings import load_settings
from shared.clock import SystemClock
from shared.logs import configure_logging
from shared.manifest import CheckStatus

STYLES = {CheckStatus.PASS: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "bold red", CheckStatus.NOT_CHECKED: "dim"}


def check(
    minutes: Annotated[
        float | None, typer.Option(help="How long is to be recorded; else what the settings prefer.", min=0.1)
    ] = None,
    config: Config = DEFAULT_CONFIG,
    camera: Camera = None,
    as_json: AsJson = False,
) -> None:
    """Look at everything that a recording needs, and say what to do about it; exits with 1 when a recording must not begin."""
    from rig.preflight.run import run_preflight
    from rig.preflight.subject import gather_subject

    configure_logging("WARNING")
    with faults_explained():
        settings = load_settings(config, camera)
    planned_s = 60 * (minutes if minutes is not None else settings.recording.default_duration_min)
    with console.status("looking at camera, light and machine"):
        report = run_preflight(gather_subject(settings, planned_s))
    if as_json:
        print(report.model_dump_json())
    else:
        rows = ((one.check.value, one.status, one.seen, one.remedy or one.waived_because) for one in report.results)
        Console().print(_table("check", rows))
    if any(one.status is CheckStatus.FAIL for one in report.results):
        raise typer.Exit(EXIT_FAULT)


def take_reference(
    by: Annotated[str, typer.Option(help="Who takes it.")] = "terminal", config: Config = DEFAULT_CONFIG, camera: Camera = None
) -> None:
    """Keep what the camera sees now (the empty chamber, lit and in focus) as what later pictures are compared with."""
    from rig.preflight.reference import REFERENCE_FOLDER
    from rig.preflight.reference import take_reference as take

    with faults_explained():
        settings = load_settings(config, camera)
        with console.status("watching the chamber for two seconds"):
            numbers = take(settings, by, SystemClock())
    console.print(f"mean brightness {numbers.light:.0f}, sharpness {numbers.sharpness:.0f}")
    print(settings.data_folder / REFERENCE_FOLDER / numbers.picture)


def selftest(
    seconds: Annotated[float, typer.Option(help="How long to record.", min=2)] = 60,
    config: Config = DEFAULT_CONFIG,
    camera: Camera = None,
    as_json: AsJson = False,
) -> None:
    """Record through the running camera process, judge the recording, and keep it apart from the sessions."""
    from rig.selftest.run import run_self_test

    with faults_explained():
        report = run_self_test(load_settings(config, camera), seconds, None if as_json else console)
    if as_json:
        print(report.model_dump_json())
    else:
        rows = ((one.aspect.value, one.status, one.seen, one.remedy) for one in report.findings)
        Console().print(_table("aspect", rows))
        console.print(Text(f"self-test: {report.status}", STYLES[report.status]))
        print(report.folder)
    if report.status is CheckStatus.FAIL:
        raise typer.Exit(EXIT_FAULT)


def _table(what: str, rows: Iterable[tuple[str, CheckStatus, str, str]]) -> Table:
    table = Table(what, "status", "seen", "what to do", box=None)
    for name, status, seen, remedy in rows:
        table.add_row(name, Text(status.value, STYLES[status]), Text(seen), Text(remedy))
    return table
