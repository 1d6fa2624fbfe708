"""What the checks of camera, disk, clock, processor, build and network say about a machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from rig.camera.states import Phase
from rig.control import CameraState, PictureState
from rig.preflight import broker, camera, clock, disk, face_build, hub, processor
from rig.preflight.disk import DiskSeen, Probe
from rig.preflight.mounts import Mount, mount_of
from rig.preflight.network import WORKS_OFFLINE
from rig.preflight.subject import Subject
from rig.processor import THROTTLED_NODE, ProcessorReading, read_processor
from rig.settings import CameraSettings, FaceCheckSettings, HubSettings, MqttSettings, RigSettings
from shared.faults import DISK_FULL, DISK_READ_ONLY
from shared.manifest import CameraRecord, CheckStatus
from tests.processes import unused_port

GB = 10**9
SD_CARD = Mount(Path("/data"), "ext4", "/dev/sda1")
OVERLAY = Mount(Path("/"), "overlay", "overlay")
QUICK = Probe(sync_s=0.02)


# Camera


def filming(model: str = "imx477", **changes: object) -> CameraState:
    record = CameraRecord(
        backend="picamera", model=model, width_px=1920, height_px=1080, frame_rate=30.0, read_back={"exposure_us": 9999}
    )
    picture = PictureState(
        exposure_us=9_999,
        analogue_gain=2.0,
        digital_gain=1.0,
        frame_duration_us=33_333,
        lux=100.0,
        focus=0.0,
        sensor_temperature_c=40.0,
    )
    content = {"rig_id": "rig-1", "phase": Phase.IDLE, "last_frame_age_s": 0.02, "camera": record, "picture": picture}
    return CameraState.model_validate({**content, **changes})


def test_a_camera_that_films_as_asked_passes():
    result = camera.judge(filming(), CameraSettings(), pictures=10)
    assert result.status is CheckStatus.PASS
    assert result.seen == "imx477 films 1920x1080 at 30 frames/s, with 9999 us and a gain of 2.00 as asked."


@pytest.mark.parametrize(
    ("state", "asked", "pictures", "code"),
    [
        (None, {}, 0, "E_RIG_DOWN"),
        (filming(camera=None), {}, 10, "E_CAM_SOURCE"),
        (filming(last_frame_age_s=2.5), {}, 0, "E_CAM_STALLED"),
        (filming(), {}, 0, "E_CAM_STALLED"),
        (filming(model="ov5647"), {}, 10, "E_CAM_SETTINGS"),
        (filming(), {"frame_rate": 25.0}, 10, "E_CAM_SETTINGS"),
        (filming(picture={**filming().picture.model_dump(), "mismatch": "gain 4.00 instead of 2.00"}), {}, 10, "E_CAM_SETTINGS"),
        (filming(picture={**filming().picture.model_dump(), "frame_duration_us": 34_000}), {}, 10, "E_CAM_SETTINGS"),
    ],
    ids=["no process", "no camera", "old frame", "no pictures", "another model", "another rate", "read-back", "slow frames"],
)
def test_a_camera_that_does_not_film_as_asked_fails(state, asked, pictures, code):
    result = camera.judge(state, CameraSettings.model_validate(asked), pictures)
    assert (result.status, result.fault_code) == (CheckStatus.FAIL, code)


# Disk


def disk_seen(mount: Mount | None = SD_CARD, free_bytes: int = 100 * GB, probe: Probe = QUICK) -> DiskSeen:
    return DiskSeen(mount, free_bytes, probe)


@pytest.mark.parametrize(
    ("seen", "films_animals", "status", "code"),
    [
        (disk_seen(), True, CheckStatus.PASS, ""),
        (disk_seen(OVERLAY), True, CheckStatus.FAIL, "E_DATA_FOLDER"),
        (disk_seen(Mount(Path("/data"), "ext4", "/dev/zram0")), True, CheckStatus.FAIL, "E_DATA_FOLDER"),
        (disk_seen(OVERLAY), False, CheckStatus.NOT_CHECKED, ""),
        (disk_seen(Mount(Path("/data"), "nfs4", "server:/data")), True, CheckStatus.NOT_CHECKED, ""),
        (disk_seen(None), True, CheckStatus.NOT_CHECKED, ""),
        (disk_seen(OVERLAY, free_bytes=GB), False, CheckStatus.FAIL, "E_DISK_FULL"),
        (disk_seen(probe=Probe(sync_s=1.4)), True, CheckStatus.WARN, "E_DISK_STALLED"),
        (
            disk_seen(probe=Probe(fault=DISK_READ_ONLY, reason="Read-only file system")),
            True,
            CheckStatus.FAIL,
            "E_DISK_READ_ONLY",
        ),
        (disk_seen(probe=Probe(fault=DISK_FULL, reason="No space left")), True, CheckStatus.FAIL, "E_DISK_FULL"),
    ],
    ids=["good", "overlay", "zram", "desk", "network", "unknown", "full", "slow", "read-only", "no room for a probe"],
)
def test_a_disk_is_judged_by_space_speed_and_what_it_is(seen, films_animals, status, code):
    result = disk.judge(seen, needed_bytes=2 * GB, planned_s=1800, films_animals=films_animals)
    assert (result.status, result.fault_code) == (status, code)


def test_the_space_is_told_beside_what_the_planned_time_needs():
    result = disk.judge(disk_seen(), needed_bytes=round(2.36 * GB), planned_s=1800, films_animals=True)
    assert result.seen == "100.0 GB free; 30 minutes need 2.4 GB and a second of video is stored in 20 ms."


def test_probing_a_disk_writes_and_leaves_nothing(tmp_path):
    assert disk.probe(tmp_path).fault is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told_with_the_reason(tmp_path):
    probe = disk.probe(tmp_path / "not there")
    assert probe.fault is not None
    assert probe.reason == "No such file or directory"


MOUNTINFO = r"""
22 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b
30 22 8:1 / /srv/my\040data rw,noatime shared:1 - ext4 /dev/sda1 rw
31 22 0:40 / /srv/my\040data/cache rw - tmpfs tmpfs rw
32 22 0:41 / /mnt rw - tmpfs tmpfs rw
33 32 8:2 / /mnt rw - ext4 /dev/sdb1 rw
""".lstrip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/my data/rig", "ext4"),
        ("/srv/my data/cache/rig", "tmpfs"),
        ("/srv/my database", "overlay"),
        ("/home/rig", "overlay"),
        ("/mnt/rig", "ext4"),
    ],
)
def test_the_deepest_mount_above_a_folder_is_what_it_lies_on(tmp_path, folder, kind):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTINFO)
    found = mount_of(Path(folder), tmp_path)
    assert found is not None
    assert found.kind == kind


def test_this_machine_knows_what_its_own_folders_lie_on(tmp_path):
    assert mount_of(tmp_path) is not None


# Clock


@pytest.mark.parametrize(
    ("synchronised", "status"), [(True, CheckStatus.PASS), (False, CheckStatus.WARN), (None, CheckStatus.NOT_CHECKED)]
)
def test_a_clock_that_nobody_sets_warns(synchronised, status):
    assert clock.judge(synchronised).status is status


# Processor


def raspberry_pi(root: Path, temperature: str, throttled: str) -> Path:
    zone = root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text(temperature + "\n")
    node = root / THROTTLED_NODE
    node.parent.mkdir(parents=True)
    node.write_text(throttled + "\n")
    return root


def test_temperature_and_the_firmwares_flags_are_read_in_words(tmp_path):
    reading = read_processor(raspberry_pi(tmp_path, "61234", "50005"))
    assert reading == ProcessorReading(61.234, ("under-voltage", "throttled"), ("under-voltage", "throttled"))


def test_a_machine_that_tells_nothing_is_not_judged(tmp_path):
    reading = read_processor(tmp_path)
    assert reading == ProcessorReading(None, None, None)
    assert processor.judge(reading, 75).status is CheckStatus.NOT_CHECKED


@pytest.mark.parametrize(
    ("temperature", "throttled", "status", "said"),
    [
        ("48000", "0", CheckStatus.PASS, "48 °C and is not slowed down."),
        ("48000", "10000", CheckStatus.PASS, "since the boot there was under-voltage"),
        ("78500", "0", CheckStatus.WARN, "78 °C; 75 °C is allowed"),
        ("48000", "1", CheckStatus.WARN, "reports under-voltage"),
        ("82000", "e0008", CheckStatus.WARN, "soft temperature limit"),
    ],
)
def test_a_processor_that_is_hot_slowed_down_or_short_of_power_warns(tmp_path, temperature, throttled, status, said):
    result = processor.judge(read_processor(raspberry_pi(tmp_path, temperature, throttled)), hottest_c=75)
    assert result.status is status
    assert said in result.seen


# Build and network


def subject_of(folder: Path, **settings: object) -> Subject:
    content = {"rig_id": "rig-1", "data_folder": folder, **settings}
    return Subject(RigSettings.model_validate(content), planned_s=60, camera=None)


def test_the_shipped_build_is_verified(tmp_path):
    assert face_build.check(subject_of(tmp_path)).status is CheckStatus.PASS


def test_a_build_that_is_not_there_warns_and_a_check_that_is_off_is_not_checked(tmp_path):
    missing = face_build.check(subject_of(tmp_path, face_check=FaceCheckSettings(build="no-such-build")))
    assert (missing.status, missing.fault_code) == (CheckStatus.WARN, "E_BUILD_UNKNOWN")
    off = face_build.check(subject_of(tmp_path, face_check=FaceCheckSettings(enabled=False)))
    assert off.status is CheckStatus.NOT_CHECKED


def test_a_hub_or_broker_that_is_away_warns_without_keeping_anybody_from_recording(tmp_path):
    (tmp_path / "token").write_text("secret")
    away = f"http://127.0.0.1:{unused_port()}"
    results = [
        hub.check(subject_of(tmp_path, hub=HubSettings(url=away, token_file=tmp_path / "token"))),
        hub.check(subject_of(tmp_path, hub=HubSettings(url=away, token_file=tmp_path / "no token"))),
        broker.check(subject_of(tmp_path, mqtt=MqttSettings(host="127.0.0.1", port=unused_port(), tls=False))),
    ]
    for result in results:
        assert (result.status, result.waived_because, result.is_settled) == (CheckStatus.WARN, WORKS_OFFLINE, True)
    assert [result.fault_code for result in results] == ["W_HUB_UNREACHABLE", "E_TOKEN_REFUSED", "W_BROKER"]


def test_a_broker_that_listens_passes(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        plain = broker.check(subject_of(tmp_path, mqtt=MqttSettings(host="127.0.0.1", port=port, tls=False)))
        assert plain.status is CheckStatus.PASS


def test_without_hub_and_broker_in_the_settings_there_is_nothing_to_check(tmp_path):
    assert hub.check(subject_of(tmp_path)).status is CheckStatus.NOT_CHECKED
    assert broker.check(subject_of(tmp_path)).status is CheckStatus.NOT_CHECKED


def test_a_data_folder_that_is_not_there_fails_and_the_disk_is_to_be_mounted(tmp_path):
    result = disk.check(subject_of(tmp_path / "unmounted"))
    assert result.status is CheckStatus.FAIL
    assert "No such file" in result.seen
    assert "Mount the data disk" in result.remedy
