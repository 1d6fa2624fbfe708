"""`run`, `camera`, `agent`, `face-check` and `uploader`: the rig's processes, together on a desk or one by one under systemd."""

from __future__ import annotations

import signal
import sys

import typer

from rig.camera.process import run_camera
from rig.commands.options import DEFAULT_CONFIG, Camera, Config, faults_explained
from rig.settings_file import SettingsFile
from rig.supervisor import ProcessSpec, Supervisor
from rig.upload.process import run_uploader
from shared.clock import SystemClock
from shared.logs import configure_logging


def run(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """Start the camera and the uploader, restart what dies, and end them together."""
    configure_logging()
    file = SettingsFile(config.absolute(), camera)
    with faults_explained():
        file.load()
    supervisor = Supervisor(_processes(file), SystemClock())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.ask_to_end())
    raise typer.Exit(supervisor.run())


def _processes(file: SettingsFile) -> list[ProcessSpec]:
    def own(command: str) -> ProcessSpec:
        return ProcessSpec(command, [sys.executable, "-m", "rig.cli", command, *file.arguments()])

    return [own("camera"), own("uploader")]


def camera(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """The camera process alone."""
    configure_logging()
    with faults_explained():
        status = run_camera(SettingsFile(config, camera).load())
    raise typer.Exit(status)


def face_check(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """The face check alone; it ends with the process that started it."""
    from rig.face.process import run_face_check  # here: OpenCV and onnxruntime stay out of the other processes

    configure_logging()
    with faults_explained():
        status = run_face_check(SettingsFile(config, camera).load())
    raise typer.Exit(status)


def uploader(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """The uploader process alone."""
    configure_logging()
    with faults_explained():
        file = SettingsFile(config.absolute(), camera)
        run_uploader(file.load(), file)
