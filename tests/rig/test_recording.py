"""What a recording holds when nothing, or only a frame here and there, goes wrong."""

import json
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import pytest

from rig.camera.backend import EncodedPacket
from rig.camera.pattern import number_of
from rig.camera.replay import ReplayCamera
from rig.recording.events import EventKind, marker_event, read_events
from rig.recording.recorder import Recorder
from rig.recording.reserve import SpaceReserve
from rig.recording.sealing import seal
from shared.clock import ManualClock
from shared.faults import ENCODER_STALLED
from shared.hashing import sha256_of_file
from shared.ledger import PacketRow, read_rows
from shared.manifest import EVENTS_NAME, PACKETS_NAME, GapCause, SealState
from tests.rig.bench import CLIP, Bench, decodable_frames, ledger_of, nal_units, packets_of, tiny_camera, with_faults

MEMORY_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None
SPS = 7


def test_a_recording_ends_with_the_planned_frame_and_balances(bench: Bench):
    manifest = seal(bench.record(tiny_camera(), seconds=4))
    assert manifest.state is SealState.SEALED
    assert (manifest.counts.expected, manifest.counts.captured, manifest.counts.written, manifest.counts.dropped) == (
        120,
        120,
        120,
        0,
    )
    assert manifest.gaps == ()
    assert (manifest.ended_at - manifest.started_at).total_seconds() == pytest.approx(4, abs=1e-5)


def test_a_sealed_folder_holds_exactly_what_its_manifest_lists(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=2)
    manifest = seal(folder)
    names = {path.name for path in folder.path.iterdir()}
    assert names == {"session.json", "part-1.mp4", "frames.csv", "packets.csv", "fau.csv", "events.jsonl"}
    assert names - {"session.json"} == {record.name for record in manifest.files}
    for record in manifest.files:
        assert sha256_of_file(folder.finished(record.name)) == record.sha256


def test_the_video_shows_the_frames_of_its_ledger_in_order(bench: Bench):
    folder = bench.record(tiny_camera(width_px=320, height_px=180), seconds=2)
    seal(folder)
    with av.open(str(folder.finished("part-1.mp4"))) as container:
        numbers = [number_of(frame.to_ndarray()[:180]) for frame in container.decode(video=0)]
    assert numbers == list(range(60))


def test_the_parameter_sets_in_the_header_are_those_in_the_stream(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=2)
    seal(folder)
    video = folder.finished("part-1.mp4")
    in_band = next(unit for unit in nal_units(packets_of(video)[0].data) if unit[0] & 0x1F == SPS)
    with av.open(str(video)) as container:
        header = container.streams.video[0].codec_context.extradata
    assert in_band in header


def test_every_key_frame_brings_its_parameter_sets_along(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=3)
    seal(folder)
    for packet in packets_of(folder.finished("part-1.mp4")):
        assert packet.key_frame == any(unit[0] & 0x1F == SPS for unit in nal_units(packet.data))


def test_every_whole_second_begins_with_a_key_frame(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=4)
    seal(folder)
    keys = [packet.pts_us for packet in packets_of(folder.finished("part-1.mp4")) if packet.key_frame]
    assert keys == [0, 1_000_000, 2_000_000, 3_000_000]


def test_lost_frames_do_not_shift_the_key_frames(bench: Bench):
    folder = bench.record(with_faults(drop_frames=(5, 6, 44), lose_packets=(70, 71)), seconds=4)
    seal(folder)
    keys = [packet.pts_us for packet in packets_of(folder.finished("part-1.mp4")) if packet.key_frame]
    assert keys == [0, 1_000_000, 2_000_000, 3_000_000]


def test_the_next_frame_becomes_the_key_frame_when_that_of_the_second_is_lost(bench: Bench):
    folder = bench.record(with_faults(drop_frames=(30,), lose_packets=(60,)), seconds=3)
    seal(folder)
    keys = [packet.pts_us for packet in packets_of(folder.finished("part-1.mp4")) if packet.key_frame]
    assert keys == [0, 1_033_333, 2_033_333]


def test_times_in_the_video_are_the_sensors_to_the_microsecond(bench: Bench):
    folder = bench.record(with_faults(drop_frames=(7, 31, 32)), seconds=3)
    manifest = seal(folder)
    first_ns = manifest.parts[0].first_sensor_ns
    in_ledger = [(row.sensor_ns - first_ns) // 1000 for row in ledger_of(folder)]
    in_video = [packet.pts_us for packet in packets_of(folder.finished("part-1.mp4"))]
    in_packets = [row.pts_us for row in read_rows(folder.finished(PACKETS_NAME), PacketRow)]
    assert in_video == in_ledger == in_packets
    assert in_video == [n * 1_000_000 // 30 for n in range(90) if n not in {7, 31, 32}]


def test_lost_frames_are_counted_exactly_and_with_their_cause(bench: Bench):
    manifest = seal(bench.record(with_faults(drop_frames=(10, 11, 40), lose_packets=(20, 50, 51)), seconds=3))
    assert (manifest.counts.captured, manifest.counts.written, manifest.counts.dropped) == (87, 84, 6)
    assert [(gap.frames_missing, gap.cause) for gap in manifest.gaps] == [
        (2, GapCause.CAMERA),
        (1, GapCause.ENCODER),
        (1, GapCause.CAMERA),
        (2, GapCause.ENCODER),
    ]
    assert [fault.code for fault in manifest.faults] == ["W_FRAMES_DROPPED"]


def test_a_gap_is_seen_live_and_a_marker_stands_in_the_events(bench: Bench):
    def mark(recorder):
        recorder.note(marker_event(bench.clock, "hand in the chamber"))

    folder = bench.record(with_faults(drop_frames=(10, 11)), seconds=1, while_recording=mark)
    seal(folder)
    events = list(read_events(folder.finished(EVENTS_NAME)))
    assert [event.text for event in events if event.kind is EventKind.MARKER] == ["hand in the chamber"]
    assert [(e.frame_index, e.frames_missing) for e in events if e.kind is EventKind.GAP] == [(9, 2)]


def test_a_video_file_is_filmed_in_a_loop_and_scaled(bench: Bench):
    folder = bench.record(tiny_camera(source=str(CLIP)), seconds=13)
    seal(folder)
    with av.open(str(folder.finished("part-1.mp4"))) as container:
        frames = [frame.to_ndarray()[:90].astype(int) for frame in container.decode(video=0)]
    assert len(frames) == 390
    assert abs(frames[3] - frames[363]).mean() < 2, "second 12 shows the clip's beginning again"
    assert abs(frames[3] - frames[200]).mean() > 2


def test_half_an_hour_balances():
    with tempfile.TemporaryDirectory(dir=MEMORY_DISK) as folder:
        _record_half_an_hour(Bench(Path(folder)))


def _record_half_an_hour(bench: Bench) -> None:
    manifest = seal(bench.record(with_faults(drop_frames=(9_000,), lose_packets=(45_678,)), seconds=1800))
    assert (manifest.counts.expected, manifest.counts.written, manifest.counts.dropped) == (54_000, 53_998, 2)
    assert manifest.parts[0].frames_written == 53_998


def test_other_programs_can_read_the_video(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=2)
    seal(folder)
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", str(folder.finished("part-1.mp4"))]
    try:
        answer = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("ffprobe is not installed: `make services` installs it")
    stream = json.loads(answer.stdout)["streams"][0]
    assert answer.stderr == b""
    assert (stream["nb_frames"], stream["has_b_frames"], stream["time_base"]) == ("60", 0, str(Fraction(1, 1_000_000)))
    assert decodable_frames(folder.finished("part-1.mp4")) == 60


def test_packets_before_the_first_key_frame_are_signs_of_life_and_no_loss(bench: Bench):
    clock = ManualClock()
    with ReplayCamera(tiny_camera(), clock) as camera:
        folder, session = bench.open_session(camera, seconds=1)
    recorder = Recorder(folder, session, 1, SpaceReserve(bench.data_folder / "reserve"), clock)
    recorder.start()
    clock.advance(1.5)
    recorder.on_packet(EncodedPacket(b"a slice", key_frame=False, sensor_us=1))
    assert recorder.last_packet_ns == clock.monotonic_ns()
    assert recorder.close(10)
    assert recorder.progress.tally.faults == ()


def test_a_writer_that_meets_what_nobody_foresaw_ends_the_part_and_says_so(bench: Bench, monkeypatch):
    def unforeseen(*_: object) -> None:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr("rig.recording.part_files.VideoFile", unforeseen)
    with ReplayCamera(tiny_camera(), bench.clock) as camera:
        folder, session = bench.open_session(camera, seconds=1)
    recorder = Recorder(folder, session, 1, SpaceReserve(bench.data_folder / "reserve"), bench.clock)
    recorder.start()
    recorder.on_packet(EncodedPacket(b"a picture", key_frame=True, sensor_us=1))
    assert recorder.ended.wait(10)
    assert recorder.failure is not None
    assert recorder.failure.fault is ENCODER_STALLED
