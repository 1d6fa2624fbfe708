"""`grimace-rig`: runs a rig's processes, records sessions, and tells what is going on."""

from __future__ import annotations

import typer

from rig.commands import checks, outbox, processes, sessions, settings, simulation

app = typer.Typer(help="Records laboratory mice and loses nothing on the way.", no_args_is_help=True, add_completion=False)

for command in (
    processes.run,
    processes.camera,
    processes.agent,
    processes.face_check,
    processes.uploader,
    sessions.record,
    sessions.status,
    sessions.stop,
    sessions.salvage,
    outbox.queue,
    outbox.retry,
    outbox.enrol,
    checks.check,
    checks.take_reference,
    checks.selftest,
    settings.check_settings,
    settings.reset_pin,
    simulation.simulate_fault,
):
    app.command()(command)


if __name__ == "__main__":
    app()
