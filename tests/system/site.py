"""A whole site for system tests: a hub, a worker and a rig as the processes that users run, any of which can be killed."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow.parquet as parquet

from shared.api import AnalysisState, SessionState, SessionView
from shared.client import Hub
from shared.faults import GrimaceError
from shared.hashing import sha256_of_file
from shared.manifest import MANIFEST_NAME, SessionManifest
from tests.processes import BIN, Process, RunningHub, until

CLIP = Path(__file__).parents[1] / "media" / "chamber-short.mp4"

RIG_SETTINGS = """
rig_id = "rig-1"
data_folder = "rig"
[screen]
port = 0
[face_check]
enabled = false
[camera]
backend = "{backend}"
source = "{clip}"
width_px = 640
height_px = 360
bitrate_bps = {bitrate_bps}
[hub]
url = "{url}"
token_file = "rig.token"
[upload]
chunk_bytes = 65536
retry_cap_s = 1.0
while_recording_bytes_per_s = 1000000000
[retention]
min_free_bytes = 0
"""


@dataclass(frozen=True)
class Recorded:
    """A session as the rig holds it."""

    folder: Path
    manifest: SessionManifest


class Site:
    """Starts with everything running; `close` ends it. The hub does not score: the worker is a process of its own."""

    def __init__(
        self,
        folder: Path,
        bitrate_bps: int = 1_000_000,
        rate: float = 1.0,
        backend: str = "replay",
        rig_environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.rate = rate
        # Every kill of the worker costs an attempt; here more are wanted than a hub allows by default.
        self.hub = RunningHub(
            folder, embedded_worker=False, lease_s=2, reconcile_s=0.5, ring_again_s=1, attempts=100, analyse_at_rate=rate
        )
        self.hub.start()
        self.hub.add_lab()
        (folder / "rig.token").write_text(self.hub.add_rig())
        (folder / "worker.token").write_text(self.hub.command("token", "worker", "test"))
        self.client = Hub(self.hub.url, self.hub.add_person())
        self.rig_settings = folder / "rig.toml"
        self.rig_settings.write_text(RIG_SETTINGS.format(backend=backend, clip=CLIP, url=self.hub.url, bitrate_bps=bitrate_bps))
        as_worker = ("--token-file", str(folder / "worker.token"), "--work-folder", str(folder / "work"), "--name", "test-worker")
        self.worker = Process(("grimace-hub", "worker", "--hub", self.hub.url, *as_worker), folder / "worker.log")
        self.rig = Process(("grimace-rig", "run", "--config", str(self.rig_settings)), folder / "rig.log", rig_environment or {})

    def close(self) -> None:
        for process in (self.rig, self.worker, self.hub):
            process.stop()
        for orphan in [*self._rig_processes("camera"), *self._rig_processes("agent"), *self._rig_processes("uploader")]:
            orphan.kill()

    def kill_rig(self) -> None:
        """Kill everything of the rig at once, as a power cut does."""
        self.rig.kill()
        while processes := self._rig_processes(str(self.rig_settings)):
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=10)

    def rig_process(self, name: str) -> psutil.Process:
        """The rig's `camera` or `uploader` process, once the supervisor has started it."""
        return until(lambda: next(iter(self._rig_processes(name)), None), within_s=60)

    def _rig_processes(self, name: str) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            arguments = process.info["cmdline"] or []
            if name in arguments and str(self.rig_settings) in arguments:
                found.append(process)
        return found

    def status(self) -> dict | None:
        """What `grimace-rig status --json` tells, or None while the camera process does not answer."""
        done = self.rig_command("status", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def wait_until_ready(self) -> None:
        """Until the rig's camera answers."""
        until(self.status, within_s=60, every_s=0.2)

    def begin_recording(self, seconds: float) -> subprocess.Popen:
        """Start `grimace-rig record`; it ends when the session is sealed."""
        command = [str(BIN / "grimace-rig"), "record", "--config", str(self.rig_settings), "--seconds", str(seconds), "--json"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def record(self, seconds: float) -> str:
        """Record a session; its id."""
        done = self.begin_recording(seconds)
        output, _ = done.communicate(timeout=seconds + 60)
        assert done.returncode == 0, output
        return json.loads(output)["session_id"]

    def rig_command(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [str(BIN / "grimace-rig"), arguments[0], "--config", str(self.rig_settings), *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def recorded(self) -> list[Recorded]:
        """Every sealed session on the rig."""
        folders = sorted(path.parent for path in (self.folder / "rig" / "sessions").glob(f"*/{MANIFEST_NAME}"))
        return [Recorded(folder, SessionManifest.read(folder / MANIFEST_NAME)) for folder in folders]

    def view(self, session_id: str) -> SessionView | None:
        """The session at the hub, or None while the hub cannot be asked or does not know it."""
        try:
            return self.client.session(session_id)
        except GrimaceError:
            return None

    def is_scored(self, session_id: str) -> bool:
        seen = self.view(session_id)
        return seen is not None and bool(seen.analyses) and all(one.state is AnalysisState.DONE for one in seen.analyses)

    def is_confirmed(self, recorded: Recorded) -> bool:
        """Whether the rig itself holds the hub's receipt."""
        return (recorded.folder / "receipt.json").exists()

    def assert_nothing_lost_nothing_doubled(self, sessions: int) -> None:
        """Wait until every recorded session is confirmed and scored; then hold files, rows and tables to what was recorded."""
        recorded = self.recorded()
        assert len(recorded) == sessions
        for one in recorded:
            until(lambda one=one: self.is_confirmed(one), within_s=120, every_s=0.2)
            until(lambda one=one: self.is_scored(one.manifest.session_id), within_s=120, every_s=0.2)
            self._assert_equal_files(one)
            self._assert_one_whole_table(one)
        with sqlite3.connect(f"file:{self.hub.folder / 'hub' / 'hub.sqlite'}?mode=ro", uri=True) as database:
            assert database.execute("SELECT count(*) FROM sessions").fetchone() == (sessions,)
            assert database.execute("SELECT count(*) FROM analyses").fetchone() == (sessions,)
            doubled = "SELECT session_id, build, rate FROM analyses GROUP BY 1, 2, 3 HAVING count(*) > 1"
            assert database.execute(doubled).fetchall() == []

    def _assert_equal_files(self, one: Recorded) -> None:
        seen = self.client.session(one.manifest.session_id)
        assert seen.state is SessionState.STORED
        stored = next((self.hub.folder / "hub" / "sessions").glob(f"*/{one.manifest.session_id}"))
        for file in one.manifest.files:
            assert sha256_of_file(stored / file.name) == file.sha256, file.name
        assert sha256_of_file(stored / MANIFEST_NAME) == sha256_of_file(one.folder / MANIFEST_NAME)

    def _assert_one_whole_table(self, one: Recorded) -> None:
        (analysis,) = self.client.session(one.manifest.session_id).analyses
        table = parquet.read_table(self.hub.folder / "hub" / "results" / f"{analysis.analysis_id}.parquet")
        indices = table["frame_index"].to_pylist()
        assert len(indices) == len(set(indices)) == analysis.frames_planned == analysis.summary.frames_analysed
        with self.client.download(f"/api/v1/analyses/{analysis.analysis_id}/scores.csv") as blocks:
            content = b"".join(blocks)
        assert len(list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))) == len(indices)
