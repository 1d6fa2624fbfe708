"""tus-js-client and tuspy, which know nothing of us, upload 300 MB to a real hub while both sides are killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.api import TUS_PATH
from shared.hashing import sha256_of_file
from tests.hub.uploads.tus import Tus, random_bytes
from tests.processes import RunningHub, until

pytestmark = [pytest.mark.system, pytest.mark.services]

HERE = Path(__file__).parent
CLIP = HERE.parents[1] / "media" / "chamber-short.mp4"
MEGABYTE = 1_000_000
LARGE_BYTES = 300 * MEGABYTE


@pytest.fixture
def hub(tmp_path) -> Iterator[RunningHub]:
    running = RunningHub(tmp_path, upload_checkpoint_bytes=8 * MEGABYTE, embedded_worker=False)
    running.start()
    running.add_lab()
    yield running
    running.stop()


@pytest.fixture
def large(tmp_path) -> Iterator[Path]:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        for number in range(LARGE_BYTES // MEGABYTE):
            file.write(random_bytes(MEGABYTE, seed=number))
    yield path
    path.unlink()


@pytest.fixture
def tuspy() -> list[str]:
    return [sys.executable, str(HERE / "tuspy_upload.py")]


@pytest.fixture
def tus_js_client(request) -> list[str]:
    """tus-js-client as its lock file pins it, installed once and kept in pytest's cache."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are missing: `make services` installs them")
    folder = Path(request.config.cache.mkdir("tus-js-client"))
    lock = HERE / "js" / "package-lock.json"
    installed = folder / lock.name
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        shutil.copy(HERE / "js" / "package.json", folder)
        shutil.copy(lock, folder)
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit"], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            installed.unlink()
        assert done.returncode == 0, done.stderr
    shutil.copy(HERE / "js" / "upload.mjs", folder)
    return [node, str(folder / "upload.mjs")]


@pytest.mark.parametrize("client", ["tuspy", "tus_js_client"])
def test_a_real_client_brings_a_file_over_whatever_is_killed(request, hub, large, client):
    rig = Tus(hub.url, hub.add_rig())
    files = {"large.bin": large, "clip.mp4": CLIP}
    session = rig.announce_listed({name: (path.stat().st_size, sha256_of_file(path)) for name, path in files.items()})
    command = [*request.getfixturevalue(client), hub.url + TUS_PATH, rig.token, session]

    def send(name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*command, str(files[name]), name])

    def arrived() -> int:
        return int(rig.session(session)["files"][0]["offset_bytes"])

    sending = send("large.bin")
    until(lambda: arrived() >= 40 * MEGABYTE, within_s=60)
    sending.kill()
    sending.wait()
    kept = arrived()
    assert 40 * MEGABYTE <= kept < LARGE_BYTES

    sending = send("large.bin")  # it knows nothing of the first attempt: the hub leads it to the upload that there is
    until(lambda: arrived() >= kept + 40 * MEGABYTE, within_s=60)
    hub.kill()
    hub.start()
    assert kept <= arrived() < LARGE_BYTES
    assert sending.wait(120) == 0
    assert send("clip.mp4").wait(60) == 0

    view = until(lambda: (view := rig.session(session))["receipt"] and view)
    assert view["state"] == "stored"
    assert {file["name"]: file["sha256"] for file in view["files"] if file["state"] == "verified"} == {
        name: sha256_of_file(path) for name, path in files.items()
    }
    [stored] = (hub.folder / "hub" / "sessions").glob(f"*/{session}/large.bin")
    assert sha256_of_file(stored) == sha256_of_file(large)
    stored.unlink()  # 300 MB that pytest would keep
