"""`run`, `camera`, `agent`, `face-check` and `uploader`: the rig's processes, together on a desk or one by one under systemd.

What a process needs is imported when it starts: the camera process carries no web server, and no process another one's libraries.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from typing import Annotated

import typer

from rig.commands.options import DEFAULT_CONFIG, Camera, Config, explain, faults_explained
from rig.notify import ServiceManager
from rig.parent import end_with_supervisor
from rig.settings import RigSettings
from rig.settings_file import SettingsFile
from rig.supervisor import ProcessSpec, Supervisor
from shared.clock import SystemClock
from shared.faults import GrimaceError
from shared.logs import configure_logging

log = logging.getLogger(__name__)

PROCESSES = ("camera", "agent", "uploader")
LOOK_AGAIN_AFTER_S = 1.0

Strict = Annotated[
    bool, typer.Option("--strict", help="End at once if the settings cannot be used: no last good copy, no safe mode.")
]


def run(config: Config = DEFAULT_CONFIG, camera: Camera = None, strict: Strict = False) -> None:
    """Start camera, agent and uploader, restart what dies, and end them together."""
    configure_logging()
    file = SettingsFile(config.absolute(), camera)
    if strict or not (file.path.exists() or file.last_good.exists()):
        with faults_explained():
            settings = file.load()
        if not file.path.exists():
            log.warning("there are no settings at %s: the built-in ones count; data goes to %s", file.path, settings.data_folder)
    supervisor = Supervisor([_own_process(name, file) for name in PROCESSES], SystemClock())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.ask_to_end())
    raise typer.Exit(supervisor.run())


def _own_process(name: str, file: SettingsFile) -> ProcessSpec:
    return ProcessSpec(name, [sys.executable, "-m", "rig.cli", name, *file.arguments()])


def camera(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """The camera process alone."""
    from rig.camera.process import run_camera

    _begin()
    settings = _settings_to_work_with(SettingsFile(config.absolute(), camera))
    with faults_explained():
        status = run_camera(settings)
    raise typer.Exit(status)


def agent(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """The agent process alone: touchscreen, checks, MQTT, and the face check, which it starts."""
    from rig.agent.process import run_agent

    _begin()
    with faults_explained():
        status = run_agent(SettingsFile(config.absolute(), camera))
    raise typer.Exit(status)


def face_check(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """The face check alone; it ends with the process that started it."""
    from rig.face.process import run_face_check

    _begin()
    with faults_explained():
        status = run_face_check(SettingsFile(config.absolute(), camera).load_usable().settings)
    raise typer.Exit(status)


def uploader(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """The uploader process alone."""
    from rig.upload.process import run_uploader

    _begin()
    file = SettingsFile(config.absolute(), camera)
    settings = _settings_to_work_with(file)
    with faults_explained():
        run_uploader(settings, file)


def _begin() -> None:
    configure_logging()
    end_with_supervisor()


def _settings_to_work_with(file: SettingsFile) -> RigSettings:
    """Those in the file, or their last good copy; without either, waits for a person to mend them, as the screen asks for.

    A process that ended instead would be restarted again and again, and would tell nobody anything.
    """
    manager, told = ServiceManager(), ""
    while True:
        try:
            usable = file.load_usable()
        except GrimaceError as mistake:
            if mistake.detail != told:
                told = mistake.detail
                explain(mistake.fault, mistake.detail)
                log.error("waiting until the settings are mended")  # noqa: TRY400 - the fault has been explained
            manager.progress()
            time.sleep(LOOK_AGAIN_AFTER_S)
            continue
        if usable.mistake is not None:
            log.warning("%s; going on with the last good copy", usable.mistake)
        return usable.settings
