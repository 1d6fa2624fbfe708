"""The queue between the camera and the disk: what it does when the disk does not keep up."""

import threading

from rig.camera.backend import EncodedPacket, FrameInfo
from rig.recording.intake import Intake


def packet(number: int, key_frame: bool = False) -> EncodedPacket:
    return EncodedPacket(b"x", key_frame, number)


def frame(number: int) -> FrameInfo:
    return FrameInfo(number, 0, 1.0, 1.0, 33_333, 0.0, 0.0, 0.0)


def taken(intake: Intake) -> list[int]:
    intake.end()
    numbers = []
    while not intake.exhausted:
        item = intake.take(0)
        assert isinstance(item, EncodedPacket | FrameInfo)
        numbers.append(item.sensor_us)
    return numbers


def test_items_come_out_in_the_order_in_which_they_went_in():
    intake = Intake(packet_limit=10)
    for item in (frame(0), packet(1, key_frame=True), frame(2), packet(3)):
        intake.put(item)
    assert taken(intake) == [0, 1, 2, 3]


def test_after_an_overflow_nothing_passes_before_the_next_key_frame():
    intake = Intake(packet_limit=2)
    for item in (packet(0, key_frame=True), packet(1), packet(2)):
        intake.put(item)
    intake.take(0)
    intake.put(packet(3))
    intake.put(packet(4, key_frame=True))
    assert intake.take_lost_count() == 2
    assert taken(intake) == [1, 4]


def test_a_loss_is_counted_once_when_it_is_over():
    """Told packet by packet, a slow disk would fill the manifest with faults."""
    intake = Intake(packet_limit=1)
    for item in (packet(0, key_frame=True), packet(1), packet(2)):
        intake.put(item)
    assert intake.take_lost_count() == 0
    intake.take(0)
    intake.put(packet(3, key_frame=True))
    assert intake.take_lost_count() == 2
    assert intake.take_lost_count() == 0


def test_a_loss_that_lasts_to_the_end_is_counted_then():
    intake = Intake(packet_limit=1)
    for item in (packet(0, key_frame=True), packet(1)):
        intake.put(item)
    intake.end()
    assert intake.take_lost_count() == 1


def test_ledger_lines_pass_even_when_packets_do_not():
    intake = Intake(packet_limit=1)
    for item in (packet(0, key_frame=True), packet(1), frame(2), frame(3)):
        intake.put(item)
    assert taken(intake) == [0, 2, 3]


def test_a_video_never_begins_without_a_key_frame():
    intake = Intake(packet_limit=10)
    for item in (packet(0), packet(1), packet(2, key_frame=True), packet(3)):
        intake.put(item)
    assert taken(intake) == [2, 3]


def test_a_source_that_can_wait_goes_on_when_there_is_room():
    intake = Intake(packet_limit=1)
    intake.put(packet(0, key_frame=True))
    assert not intake.wait_for_room(0)
    taker = threading.Thread(target=intake.take, args=(1,))
    taker.start()
    assert intake.wait_for_room(5)
    taker.join()
