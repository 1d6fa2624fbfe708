"""Results over the API: every form, for those who may read them, and for nobody else."""

import io
import zipfile

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import requests

from shared.hashing import sha256_of_bytes

FORMS = ("scores.csv", "archive.zip", "summary.json", "scores.parquet", "frames/3.jpg")


@pytest.fixture
def results(hub, analysis_id):
    """The address of the finished analysis."""
    return f"{hub.url}/api/v1/analyses/{analysis_id}"


@pytest.fixture
def token(hub):
    return hub.running.add_person()


def _get(url, token, **headers):
    return requests.get(url, headers={"Authorization": f"Bearer {token}", **headers}, timeout=20)


def test_the_csv_has_a_line_for_every_analysed_frame(results, token):
    answer = _get(f"{results}/scores.csv", token)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(answer.text.splitlines()) == 1 + 40
    assert answer.headers["content-disposition"].startswith('attachment; filename="m1-')


def test_the_archive_holds_the_scores_and_the_frames(results, token):
    with zipfile.ZipFile(io.BytesIO(_get(f"{results}/archive.zip", token).content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert {"scores.csv", "summary.json", "session.json", "SHA256SUMS"} <= set(names)
    assert sum(name.startswith("frames/") for name in names) == 40


def test_the_parquet_file_is_the_table_itself(results, token):
    table = pq.read_table(io.BytesIO(_get(f"{results}/scores.parquet", token).content))
    assert table["frame_index"].to_pylist() == list(range(40))


def test_the_summary_is_json(results, token):
    summary = _get(f"{results}/summary.json", token).json()
    assert (summary["frames_analysed"], summary["frames_all_faus"], summary["mean_mgs"]) == (40, 20, 8.0)


def test_a_frame_comes_as_a_picture_and_smaller_on_request(results, token):
    def width(path):
        content = _get(f"{results}/{path}", token).content
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).shape[1]

    assert width("frames/3.jpg") == 64
    assert width("frames/3.jpg?width_px=32") == 32
    assert _get(f"{results}/frames/4000.jpg", token).status_code == 404


def test_a_frame_that_the_disk_has_damaged_is_missing_and_no_failure_of_the_hub(hub, session_id, results, token):
    [video] = hub.running.parts.storage.data_folder.glob(f"sessions/*/{session_id}/part-1.mp4")
    content = bytearray(video.read_bytes())
    middle = slice(len(content) * 4 // 10, len(content) * 6 // 10)
    content[middle] = bytes(middle.stop - middle.start)
    video.write_bytes(content)
    answers = [_get(f"{results}/frames/{index}.jpg", token) for index in range(40)]
    assert {answer.status_code for answer in answers} == {200, 404}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 404} == {"W_VIDEO_DAMAGED"}


@pytest.mark.parametrize("form", FORMS)
def test_results_are_for_the_lab_only(hub, results, form):
    assert requests.get(f"{results}/{form}", timeout=20).status_code == 401
    assert _get(f"{results}/{form}", hub.running.add_person("eve@example.org", "Other lab")).status_code == 404
    assert _get(f"{results}/{form}", hub.running.add_worker()).status_code == 403


@pytest.mark.parametrize("form", FORMS)
def test_an_analysis_without_a_result_has_none(hub, session_id, token, form):
    uid = hub.running.queue(session_id)
    answer = _get(f"{hub.url}/api/v1/analyses/{uid}/{form}", token)
    assert answer.status_code == 404
    assert "queued" in answer.json()["detail"]


def test_a_stored_file_can_be_fetched_whole_and_in_ranges(hub, session_id, token):
    files = {file["name"]: file for file in _get(f"{hub.url}/api/v1/sessions/{session_id}", token).json()["files"]}
    address = f"{hub.url}/api/v1/sessions/{session_id}/files/part-1.mp4"
    whole = _get(address, token)
    assert sha256_of_bytes(whole.content) == files["part-1.mp4"]["sha256"]
    assert whole.headers["etag"] == f'"{files["part-1.mp4"]["sha256"]}"'
    part = _get(address, token, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])


def test_files_are_for_the_lab_only_and_only_those_that_it_has(hub, session_id, token):
    address = f"{hub.url}/api/v1/sessions/{session_id}/files"
    assert _get(f"{address}/part-1.mp4", hub.running.add_person("eve@example.org", "Other lab")).status_code == 404
    assert _get(f"{address}/other.mp4", token).status_code == 404
    assert _get(f"{address}/..%2f..%2fhub.sqlite", token).status_code in {404, 422}
