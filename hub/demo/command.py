"""The command `grimace-demo`: starts a hub and a rig, records, follows the session to its scores, and serves the pages."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import requests
import typer
from rich.console import Console

from hub.demo.children import Child, Children, log_tail
from hub.demo.display import Display, Stage
from hub.demo.folder import FolderUnusable, own_folder
from hub.demo.following import follow
from hub.demo.hub_setup import HubSetup
from hub.demo.rig_setup import screen_address, write_rig_settings
from hub.web.quantities import counted, decimal, percent, size
from shared.api import API_PREFIX, AnalysisView
from shared.bundled import sample_clip
from shared.client import Hub
from shared.documents import Document, SessionId
from shared.durable import replacing
from shared.faults import NO_PROGRESS, RECORDING_FAILED, SCORES_PLACEHOLDER, GrimaceError
from shared.manifest import FrameCounts

START_WITHIN_S = 90.0
"""A cold start on a small machine imports a lot from a slow disk."""
SEAL_WITHIN_S = 120.0
LOOK_EVERY_S = 0.25
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

SAMPLE_CLIP = sample_clip()
app = typer.Typer(add_completion=False)
console = Console(highlight=False)


@dataclass(frozen=True)
class Outcome:
    """What `--once` prints as its last line."""

    session: str
    analysis: str
    csv: str
    zip: str
    frames_recorded: int
    frames_dropped: int
    frames_scored: int


class Recorded(Document):
    """What the demonstration needs of the answer of `grimace-rig record --json`."""

    session_id: SessionId
    counts: FrameCounts


class Interrupted(Exception):
    """SIGINT or SIGTERM came."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where everything is kept; nothing else is touched.")] = Path("demo-data"),
    seconds: Annotated[float, typer.Option(help="How long to record.", min=1, max=3600)] = 60,
    video: Annotated[Path, typer.Option(help="What the camera sees, in a loop.", exists=True, dir_okay=False)] = SAMPLE_CLIP,
    port: Annotated[int, typer.Option(help="The hub's port; 0 takes a free one.", min=0, max=65535)] = 0,
    once: Annotated[bool, typer.Option("--once", help="End after the scores, with a line of JSON.")] = False,
) -> None:
    """Record, upload, verify and score on this machine, with a video in place of the camera."""
    try:
        with _interrupts(), own_folder(folder.absolute()):
            _run(HubSetup(folder.absolute(), port or _free_port()), seconds, video, once)
    except FolderUnusable as error:
        raise typer.BadParameter(str(error), param_hint="--dir") from error
    except Interrupted:
        console.print("ended; everything is kept in", str(folder), markup=False)
        raise typer.Exit(INTERRUPTED if once else 0) from None
    except GrimaceError as error:
        _explain(error)


def _run(hub: HubSetup, seconds: float, video: Path, once: bool) -> None:
    with Children(hub.folder / "logs") as children:
        with Display(console) as display:
            config = _start(hub, video, children, display)
            recorded = _record(hub, config, seconds, children, display)
            client = Hub(hub.url, hub.supervisor_token_file.read_text().strip())
            analysis = follow(client, recorded.session_id, display.show, children.expect_running)
            outcome = _fetch_results(client, hub, analysis, recorded)
        _tell(analysis, outcome)
        if not once:
            _serve(hub, outcome, children)
    if once:
        print(json.dumps(asdict(outcome)), flush=True)


def _start(hub: HubSetup, video: Path, children: Children, display: Display) -> Path:
    """Start the hub and the rig; answers the rig's settings file."""
    display.show(Stage("Setting up", None, f"in {hub.folder}"))
    config = write_rig_settings(hub, video)
    hub.prepare()
    display.show(Stage("Starting", None, f"the hub at {hub.url}"))
    started = children.start("hub", "grimace-hub", "serve", environment=hub.environment)
    _wait(lambda: _answers(hub.url), started, "the hub does not answer")
    display.show(Stage("Starting", None, "the rig"))
    rig = children.start("rig", "grimace-rig", "run", "--config", str(config))
    _wait(lambda: _camera_films(children, config), rig, "the camera does not answer")
    return config


def _wait(ready: Callable[[], bool], child: Child, otherwise: str) -> None:
    deadline_s = time.monotonic() + START_WITHIN_S
    while not ready():
        child.expect_running()
        if time.monotonic() > deadline_s:
            raise GrimaceError(NO_PROGRESS, f"{otherwise}\n{log_tail(child.log)}")
        time.sleep(LOOK_EVERY_S)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/openapi.json", timeout=2).ok
    except requests.RequestException:
        return False


def _camera_films(children: Children, config: Path) -> bool:
    asked = children.start("status", "grimace-rig", "status", "--config", str(config))
    return children.wait_for(asked) == 0


def _record(hub: HubSetup, config: Path, seconds: float, children: Children, display: Display) -> Recorded:
    """Record through the running rig, and show how its session grows on the disk."""
    answer = hub.folder / "logs" / "recorded.json"
    about = ("--study", "Demonstration", "--animal", "sample", "--phase", "baseline")
    command = ("grimace-rig", "record", "--config", str(config), "--seconds", f"{seconds:g}", *about, "--json")
    before = set(_sessions(hub))
    recording = children.start("record", *command, output=answer)
    began_s = time.monotonic()
    while recording.status is None:
        elapsed_s = time.monotonic() - began_s
        if elapsed_s > seconds + SEAL_WITHIN_S:
            raise GrimaceError(NO_PROGRESS, f"the recording does not end\n{log_tail(children.log_of('rig'))}")
        written = sum(file.stat().st_size for folder in set(_sessions(hub)) - before for file in _files(folder))
        display.show(Stage("Recording", min(elapsed_s / seconds, 1.0), f"{size(written)} on the rig's disk"))
        time.sleep(LOOK_EVERY_S)
    if children.wait_for(recording):
        raise GrimaceError(RECORDING_FAILED, f"{log_tail(recording.log)}\n{log_tail(children.log_of('rig'))}")
    recorded = Recorded.model_validate_json(answer.read_text().splitlines()[-1], extra="ignore")
    display.show(Stage("Recording", 1.0, f"{counted(recorded.counts.written, 'frame')}, {recorded.counts.dropped} missing"))
    return recorded


def _sessions(hub: HubSetup) -> Iterator[Path]:
    folder = hub.folder / "rig" / "sessions"
    return folder.iterdir() if folder.is_dir() else iter(())


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _fetch_results(client: Hub, hub: HubSetup, analysis: AnalysisView, recorded: Recorded) -> Outcome:
    """Download the scores as anybody would, over the API."""
    results = hub.folder / "results" / recorded.session_id
    results.mkdir(parents=True, exist_ok=True)
    for name in ("scores.csv", "archive.zip"):
        with client.download(f"{API_PREFIX}/analyses/{analysis.analysis_id}/{name}") as pieces, replacing(results / name) as file:
            file.writelines(pieces)
    return Outcome(
        session=recorded.session_id,
        analysis=analysis.analysis_id,
        csv=str(results / "scores.csv"),
        zip=str(results / "archive.zip"),
        frames_recorded=recorded.counts.written,
        frames_dropped=recorded.counts.dropped,
        frames_scored=analysis.frames_done,
    )


def _tell(analysis: AnalysisView, outcome: Outcome) -> None:
    summary = analysis.summary
    if summary is not None:
        console.print(
            f"\n{counted(summary.frames_analysed, 'frame')} scored, {percent(summary.coverage)} show all action units, "
            f"mean grimace score {decimal(summary.mean_mgs)}."
        )
        if summary.placeholder:
            fault = SCORES_PLACEHOLDER
            console.print(f"[bold yellow]{fault.text}.[/] {fault.remedy}")
    for what, where in (("Scores", outcome.csv), ("With frames", outcome.zip)):
        console.print(f"{what:<12} {where}", markup=False, soft_wrap=True)


def _serve(hub: HubSetup, outcome: Outcome, children: Children) -> None:
    console.print(f"{'Page':<12} {hub.sign_in_address(outcome.session)}", markup=False, soft_wrap=True)
    if (screen := screen_address(hub)) is not None:
        console.print(f"{'Touchscreen':<12} {screen}", markup=False, soft_wrap=True)
    console.print("The hub and the rig go on running. Ctrl-C ends them; everything is kept.")
    while True:
        children.expect_running()
        time.sleep(LOOK_EVERY_S)


def _explain(error: GrimaceError) -> NoReturn:
    """Say what went wrong and what to do, on the error stream, and end with 1."""
    errors = Console(stderr=True, highlight=False)
    errors.print(f"[bold red]{error.fault.code}[/] {error.fault.text}.")
    if error.detail:
        errors.print(error.detail, markup=False, soft_wrap=True)
    errors.print(f"[bold]→[/] {error.fault.remedy}")
    raise typer.Exit(1) from error


@contextmanager
def _interrupts() -> Iterator[None]:
    """SIGINT and SIGTERM end the block once, as `Interrupted`; what is ended then is not disturbed by a second one."""

    def interrupt(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
