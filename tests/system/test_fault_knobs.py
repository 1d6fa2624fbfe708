"""Every way in which the simulated camera can fail, on a whole rig: named on screen, at the broker and in the manifest.

How long each took is printed (`pytest -rP`), for a quiet machine to tell: five seconds are what a technician is promised.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from rig.camera.simulated.faults import SimulatedFault
from rig.camera.simulated.orders import FaultOrder, order_fault
from rig.camera.states import Phase
from shared.faults import GrimaceError
from shared.manifest import SessionManifest, StudyMetadata
from tests.processes import until
from tests.rig.bench import decodable_frames
from tests.rig.camera.filming import needs_picamera2
from tests.rig.mqtt.broker import Broker, Listener, make_certificates, password_of
from tests.rig.rig_process import RigProcess

pytestmark = [needs_picamera2, pytest.mark.system, pytest.mark.services, pytest.mark.timeout(300)]

WITHIN_S = 30.0
"""On a machine that runs other tests beside."""

CAMERA = 'backend = "sim"\nsource = "sample"\nwidth_px = 320\nheight_px = 180\nbitrate_bps = 500000'
AGENT = """[screen]
port = 0
[face_check]
enabled = false
[mqtt]
host = "127.0.0.1"
port = {port}
ca_file = "{authority}"
password_file = "mqtt.password"
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("broker")
    certificates = tmp_path_factory.mktemp("certificates")
    make_certificates(certificates)
    mosquitto = Broker(folder, certificates)
    mosquitto.start()
    yield mosquitto
    mosquitto.remove()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[RigProcess]:
    folder = tmp_path_factory.mktemp("rig")
    (folder / "mqtt.password").write_text(password_of("rig-1"))
    running = RigProcess(folder)
    running.configure(CAMERA, AGENT.format(port=broker.port, authority=broker.authority))
    running.start("run")
    until(lambda: alerts_on_screen(folder / "data") is not None)
    yield running
    running.kill_all()


@pytest.fixture(autouse=True)
def idle_again(rig: RigProcess) -> Iterator[None]:
    """A test that failed leaves no recording to the next one."""
    yield
    with contextlib.suppress(GrimaceError):
        rig.control.stop()


@pytest.fixture(scope="module")
def heard(broker: Broker, rig: RigProcess) -> Listener:
    return broker.listen("watch")


def alerts_on_screen(data_folder: Path) -> set[str] | None:
    """The codes that the touchscreen shows; None while it cannot be asked."""
    try:
        address = (data_folder / "screen.url").read_text().strip()
        return {alert["code"] for alert in requests.get(f"{address}/state", timeout=2).json()["alerts"]}
    except (OSError, requests.RequestException):
        return None


@pytest.mark.parametrize(
    ("fault", "count", "code", "parts"),
    [
        (SimulatedFault.DROP, 40, "W_FRAMES_DROPPED", 1),
        (SimulatedFault.ERROR, 40, "W_FRAMES_DROPPED", 1),
        (SimulatedFault.SLOW, 30, "W_FRAMES_DROPPED", 1),
        (SimulatedFault.CALLBACK, 2, "W_CAM_CALLBACK", 1),
        (SimulatedFault.WRONG_EXPOSURE, None, "E_CAM_SETTINGS", 2),
        (SimulatedFault.WRONG_GAIN, None, "E_CAM_SETTINGS", 2),
        (SimulatedFault.WRONG_COLOUR, None, "E_CAM_SETTINGS", 2),
        (SimulatedFault.STALL, None, "E_CAM_STALLED", 2),
        (SimulatedFault.TIMEOUT, None, "E_CAM_STALLED", 2),
    ],
)
def test_a_failing_camera_is_named_everywhere_and_the_session_is_whole(rig, heard, fault, count, code, parts):
    """A fault that only a new process cures leaves a second part; others befall some frames and pass."""
    session_id = rig.control.start(120, StudyMetadata()).recording.session_id
    rig.wait_for_frames(30)
    order_fault(rig.data_folder, FaultOrder(fault=fault, count=count))
    ordered_s = time.monotonic()
    for what, observe in (
        ("on screen", lambda: code in (alerts_on_screen(rig.data_folder) or ())),
        ("at the broker", lambda: heard.last(f"grimace/v1/rig-1/alert/{code}")),
        ("recording", lambda: records_in_part(rig, parts)),
    ):
        until(observe, WITHIN_S)
        print(f"{fault}: {code} {what} after {time.monotonic() - ordered_s:.1f} s")
    rig.control.stop()
    rig.wait_until_finished(session_id)

    manifest = rig.manifest(session_id)
    assert code in {record.code for record in manifest.faults}
    assert len(manifest.parts) == parts
    assert manifest.counts.expected == manifest.counts.written + manifest.counts.dropped
    assert readable_frames(rig, manifest) == manifest.counts.written
    until(lambda: code not in (alerts_on_screen(rig.data_folder) or ()))
    until(lambda: heard.last(f"grimace/v1/rig-1/alert/{code}") == "")


def records_in_part(rig: RigProcess, part: int) -> bool:
    """Whether frames of this part have reached the disk."""
    now = rig.state()
    recording = now.recording if now is not None and now.phase is Phase.RECORDING else None
    return recording is not None and recording.part == part and recording.part_frames_written > 0


def readable_frames(rig: RigProcess, manifest: SessionManifest) -> int:
    folder = rig.session(manifest.session_id).path
    return sum(decodable_frames(folder / part.file) for part in manifest.parts)
