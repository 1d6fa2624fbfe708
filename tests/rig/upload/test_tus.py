"""One file over tus to a real hub, through a network that fails in every way it can."""

from __future__ import annotations

import os
import tracemalloc
import uuid
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.settings import UploadSettings
from rig.upload.traffic import Traffic
from rig.upload.tus import ATTEMPTS, Outgoing, SessionUnknown, TusUpload
from shared.api import FileState, Problem, SessionAnnouncement, UploadedFile
from shared.client import Hub, HubRefused, HubUnreachable
from shared.clock import SystemClock
from shared.hashing import sha256_of_bytes
from shared.manifest import FileRecord, StudyMetadata
from tests.processes import until
from tests.rig.upload.fault_proxy import Fault, FaultProxy
from tests.sealed_sessions import RECORDED_AT

SIZE_BYTES = 1_000_000
CHUNK_BYTES = 256 * 1024
OVERHEAD_BYTES = 10_000
"""More than the headers of all requests of one upload."""


@pytest.fixture(scope="module", autouse=True)
def _hub_runs(known_rig) -> None:
    """All tests here share one hub."""


@pytest.fixture
def proxy(known_rig) -> Iterator[FaultProxy]:
    with FaultProxy(known_rig.url) as proxy:
        yield proxy


class Trial:
    """An announced file, sent through the proxy; without real pauses."""

    def __init__(self, known_rig, proxy: FaultProxy, folder: Path, content: bytes) -> None:
        self.session_id = str(uuid.uuid4())
        self.direct = Hub(known_rig.url, known_rig.token)
        self.hub = Hub(proxy.url, known_rig.token, read_timeout_s=0.5)
        self.path = folder / "notes.bin"
        self.path.write_bytes(content)
        self.record = FileRecord(name="notes.bin", size_bytes=len(content), sha256=sha256_of_bytes(content))
        video = FileRecord(name="part-1.mp4", size_bytes=1, sha256="0" * 64)  # never sent, so the session stays open
        manifest = FileRecord(name="session.json", size_bytes=1, sha256="0" * 64)
        announcement = SessionAnnouncement(study=StudyMetadata(), recorded_at=RECORDED_AT, files=(self.record, video, manifest))
        self.direct.announce(self.session_id, announcement)
        self.offsets: list[int] = []
        self.pauses: list[float] = []

    def upload(self, chunk_bytes: int = CHUNK_BYTES, **changes: object) -> TusUpload:
        outgoing = Outgoing(self.session_id, self.path, self.record)
        options = {"note": lambda _upload, offset: self.offsets.append(offset), "pause": self.pauses.append, **changes}
        uncapped = Traffic(UploadSettings(), lambda: False, SystemClock())
        return TusUpload(self.hub, outgoing, uncapped, chunk_bytes=chunk_bytes, **options)

    def on_hub(self) -> UploadedFile:
        view = self.direct.session(self.session_id)
        return next(file for file in view.files if file.name == self.record.name)

    def arrived(self, known_rig) -> bool:
        """Whether the hub has every byte, and they are these."""
        content = self.path.read_bytes()
        incoming = (known_rig.hub.folder / "hub" / "incoming").iterdir()
        on_disk = any(path.stat().st_size == len(content) and path.read_bytes() == content for path in incoming)
        return self.on_hub().state is FileState.RECEIVED and on_disk


@pytest.fixture
def trial(known_rig, proxy, tmp_path) -> Trial:
    return Trial(known_rig, proxy, tmp_path, os.urandom(SIZE_BYTES))


def problem(code: str, status: int) -> bytes:
    body = Problem(title="t", status=status, code=code).model_dump_json()
    return (
        f"HTTP/1.1 {status} x\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n\r\n{body}"
    ).encode()


def test_a_file_arrives_chunk_by_chunk(trial, known_rig):
    trial.upload().send()
    assert trial.arrived(known_rig)
    assert trial.offsets == [0, 262144, 524288, 786432, SIZE_BYTES]
    assert trial.pauses == []


def test_an_empty_file_arrives(known_rig, proxy, tmp_path):
    trial = Trial(known_rig, proxy, tmp_path, b"")
    trial.upload().send()
    assert trial.arrived(known_rig)


def test_sending_what_has_arrived_sends_nothing(trial, proxy):
    trial.upload().send()
    sent = proxy.bytes_to_hub
    trial.upload().send()
    assert proxy.bytes_to_hub - sent < OVERHEAD_BYTES


def test_a_broken_connection_resumes_at_the_hubs_offset(trial, proxy, known_rig):
    proxy.faults = [Fault(drop_after_bytes=600_000)]
    trial.upload().send()
    assert trial.arrived(known_rig)
    assert len(trial.pauses) == 1
    assert trial.offsets[:4] == [0, 262144, 524288, 524288]
    assert proxy.bytes_to_hub < SIZE_BYTES + CHUNK_BYTES + OVERHEAD_BYTES


def test_a_line_that_always_dies_early_still_gets_the_file_through_in_smaller_chunks(trial, proxy, known_rig):
    proxy.always = Fault(drop_after_bytes=150_000)
    trial.upload(chunk_bytes=SIZE_BYTES).send()
    assert trial.arrived(known_rig)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(answer=b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        Fault(answer=b"HTTP/1.1 204 No Con"),
        Fault(answer=b""),
        Fault(answer=problem("E_UPLOAD_BUSY", 423)),
        Fault(answer=problem("E_UPLOAD_INTERRUPTED", 503)),
        Fault(cut_answer_after_bytes=20),
        Fault(black_hole=True),
        Fault(corrupt_byte=100_000),
    ],
    ids=["bad-gateway", "torn-answer", "hang-up", "busy", "interrupted", "cut-answer", "black-hole", "flipped-bit"],
)
@pytest.mark.parametrize("at", ["creation", "first-chunk"])
def test_what_goes_wrong_once_is_mended(trial, proxy, known_rig, fault, at):
    if at == "first-chunk":  # closes the connection after the creation, so that the next one meets the fault
        trial.hub.request("POST", "/api/v1/uploads", headers=creation_headers(trial))
        trial.hub.close()
    proxy.faults = [fault]
    trial.upload().send()
    assert trial.arrived(known_rig)
    assert len(trial.pauses) == 1


def creation_headers(trial: Trial) -> dict[str, str]:
    session, name = (b64encode(text.encode()).decode() for text in (trial.session_id, trial.record.name))
    return {"Tus-Resumable": "1.0.0", "Upload-Length": str(SIZE_BYTES), "Upload-Metadata": f"session {session},filename {name}"}


def test_a_slow_network_is_only_slow(trial, proxy, known_rig):
    proxy.always = Fault(delay_s=0.1)
    trial.upload().send()
    assert trial.arrived(known_rig)
    assert trial.pauses == []


def test_an_upload_that_another_connection_moved_goes_on_from_there(trial, known_rig):
    def overtaken(upload: str, offset: int) -> None:
        trial.offsets.append(offset)
        if trial.offsets == [0]:
            headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
            trial.direct.request("PATCH", upload, headers=headers, body=trial.path.read_bytes()[:700_000])

    trial.upload(note=overtaken).send()
    assert trial.arrived(known_rig)
    assert trial.offsets[:3] == [0, 700_000, 831_072]  # the chunk was halved after the conflict


def test_an_upload_that_is_gone_is_created_anew(trial, known_rig):
    def terminated(upload: str, offset: int) -> None:
        trial.offsets.append(offset)
        if trial.offsets == [0, 262144]:
            trial.direct.request("DELETE", upload, headers={"Tus-Resumable": "1.0.0"})

    trial.upload(note=terminated).send()
    assert trial.arrived(known_rig)
    assert trial.offsets[:3] == [0, 262144, 0]


def test_a_remembered_upload_of_another_hub_does_no_harm(trial, known_rig):
    trial.upload(upload=f"/api/v1/uploads/{uuid.uuid4()}").send()
    assert trial.arrived(known_rig)


def test_a_file_of_a_session_that_the_hub_does_not_know_asks_for_a_new_announcement(trial):
    trial.session_id = str(uuid.uuid4())
    with pytest.raises(SessionUnknown):
        trial.upload().send()
    assert trial.pauses == []


def test_a_file_with_another_size_than_announced_is_refused_at_once(trial):
    trial.record = trial.record.model_copy(update={"size_bytes": SIZE_BYTES - 1})
    with pytest.raises(HubRefused) as refused:
        trial.upload().send()
    assert (refused.value.fault.code, refused.value.status) == ("E_NOT_VALID", 422)
    assert trial.pauses == []


@pytest.mark.parametrize(("code", "status"), [("E_HUB_DISK_FULL", 507), ("E_TOKEN_REFUSED", 401), ("E_UPLOAD_TOO_LARGE", 413)])
def test_what_another_attempt_would_not_mend_is_handed_up_at_once(trial, proxy, code, status):
    proxy.always = Fault(answer=problem(code, status))
    with pytest.raises(HubRefused) as refused:
        trial.upload().send()
    assert refused.value.fault.code == code
    assert trial.pauses == []


def test_a_hub_that_stays_away_is_given_up_after_growing_pauses(trial, proxy):
    proxy.always = Fault(drop_after_bytes=0)
    with pytest.raises(HubUnreachable):
        trial.upload().send()
    assert len(trial.pauses) == ATTEMPTS - 1
    assert all(0 <= pause <= 0.5 * 2**number for number, pause in enumerate(trial.pauses))


def test_memory_stays_small_however_large_the_chunk(known_rig, proxy, tmp_path):
    trial = Trial(known_rig, proxy, tmp_path, os.urandom(32_000_000))
    tracemalloc.start()
    try:
        trial.upload(chunk_bytes=2**28).send()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2_000_000
    assert until(lambda: trial.on_hub().state is FileState.RECEIVED)
