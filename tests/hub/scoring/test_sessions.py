"""The frames of a recorded session: found through its ledger, over all its parts; and the ledger's check against the videos."""

import shutil

import numpy as np
import pytest

from hub.scoring.frame_reader import read_frames
from hub.scoring.frame_table import table_of_session
from hub.scoring.probe import check_ledger
from hub.scoring.recording import open_recording
from hub.scoring.sampling import sample
from shared.faults import GrimaceError
from shared.manifest import FRAMES_NAME, PACKETS_NAME, SessionManifest

FIRST_PART, SECOND_PART, DELIVERED = range(100), range(151, 260), 260


@pytest.fixture(scope="module")
def interrupted(recorded, tmp_path_factory):
    """A session whose camera process was down while the camera would have delivered frames 100 to 150."""
    folder = tmp_path_factory.mktemp("interrupted")
    return folder, recorded(folder, [FIRST_PART, SECOND_PART], DELIVERED)


@pytest.fixture
def copied(interrupted, tmp_path):
    folder, manifest = interrupted
    shutil.copytree(folder, tmp_path / "session")
    return tmp_path / "session", manifest


def test_frames_carry_their_number_and_time_in_the_session(interrupted):
    folder, manifest = interrupted
    table = table_of_session(folder, manifest)
    assert table.frame_index.tolist() == [*FIRST_PART, *SECOND_PART]
    assert table.time_s[100] == pytest.approx(151 * 0.033333)
    assert (table.part[100], table.pts_us[100]) == (2, 0)


def test_sampling_goes_on_through_the_parts_and_skips_the_gap(interrupted, read_number):
    folder, manifest = interrupted
    table = table_of_session(folder, manifest)
    rows = sample(table.time_s, 1.0)
    found = [read_number(read.picture) for read in read_frames(table, rows)]
    assert found == [0, 31, 61, 91, 151, 181, 211, 241]  # the frames taken first in each second
    assert table.frame_index[rows].tolist() == found


def test_a_recovered_part_is_what_its_video_holds_not_what_its_ledger_ends_with(copied, read_number):
    folder, manifest = copied
    recovered = manifest.parts[0].model_copy(update={"recovered": True})
    packets = (folder / PACKETS_NAME).read_text().splitlines(keepends=True)
    (folder / PACKETS_NAME).write_text("".join(packets[:90] + packets[101:]))  # the ledger lost the first part's end
    manifest = manifest.model_copy(update={"parts": (recovered, manifest.parts[1])})
    check_ledger(folder, manifest)
    table = table_of_session(folder, manifest)
    assert table.frame_index.tolist() == [*FIRST_PART, *SECOND_PART]
    assert [read_number(read.picture) for read in read_frames(table, np.array([95, 120]))] == [95, 171]


def test_dropped_frames_are_warned_of(interrupted):
    folder, _ = interrupted
    codes = [warning.code for warning in open_recording(folder).warnings]
    assert codes == ["W_FRAMES_DROPPED", "W_VIDEO_SIZE", "W_VIDEO_SHORT"]


def test_a_session_that_balances_passes(interrupted):
    check_ledger(*interrupted)


def refusal(folder, manifest: SessionManifest) -> str:
    with pytest.raises(GrimaceError) as caught:
        check_ledger(folder, manifest)
    return f"{caught.value.fault.code}: {caught.value.detail}"


def test_a_video_with_fewer_frames_than_stated_is_refused(copied):
    folder, manifest = copied
    shutil.copy(folder / "part-1.mp4", folder / "part-2.mp4")
    assert refusal(folder, manifest) == "E_LEDGER: part-2.mp4 holds 100 frames, the manifest says 109"


def test_a_ledger_that_lists_other_packets_is_refused(copied):
    folder, manifest = copied
    text = (folder / PACKETS_NAME).read_text()
    (folder / PACKETS_NAME).write_text(text.replace("1,33333,", "1,33334,"))
    assert refusal(folder, manifest) == "E_LEDGER: part-1.mp4 holds other frames than packets.csv lists"


def test_a_frame_that_no_camera_delivered_is_refused(copied):
    folder, manifest = copied
    lines = (folder / FRAMES_NAME).read_text().splitlines(keepends=True)
    (folder / FRAMES_NAME).write_text("".join(lines[:20] + lines[21:]))
    assert refusal(folder, manifest).startswith("E_LEDGER: part 1: the packet at ")


def test_a_ledger_that_is_not_there_is_a_fault_of_the_manifest(copied):
    folder, manifest = copied
    (folder / FRAMES_NAME).unlink()
    assert refusal(folder, manifest) == "E_MANIFEST: missing: frames.csv"


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"written": 210}, "E_MANIFEST: 210 written and 51 dropped are not 260"),
        ({"written": 210, "dropped": 50}, "E_MANIFEST: its parts do not add up to 210 written frames"),
        ({"captured": 259}, "E_LEDGER: the ledger shows 260 frames captured, the manifest says 259"),
    ],
)
def test_a_manifest_whose_counts_do_not_balance_is_refused(interrupted, counts, reason):
    folder, manifest = interrupted
    wrong = manifest.model_copy(update={"counts": manifest.counts.model_copy(update=counts)})
    assert refusal(folder, wrong) == reason
