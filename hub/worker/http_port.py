"""The hub on another machine: every call survives a restart of the hub in its middle, because all of them may be sent twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import tenacity
from tenacity import retry_if_exception, stop_after_delay, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from hub.worker.port import Check
from shared.api import API_PREFIX, FENCE_HEADER, ClaimedAnalysis, ClaimRequest, Completion, Failure, ProgressReport
from shared.client import Hub, HubRefused, HubUnreachable
from shared.documents import Document
from shared.durable import PART_SUFFIX
from shared.faults import FILE_HASH, GrimaceError
from shared.hashing import sha256_of_file
from shared.manifest import FileRecord

NO_CONTENT = 204
SERVER_ERROR = 500
LONGEST_WAIT_S = 10.0
GIVE_UP_AFTER_S = 15 * 60.0
"""Longer than any restart; a finished analysis is worth waiting for, and its lease decides whether it still counts."""

Answer = TypeVar("Answer")


class HttpPort:
    """A HubPort over HTTP with a worker's token. `stopping` ends waiting for a hub that does not answer."""

    def __init__(self, url: str, token: str, stopping: threading.Event) -> None:
        self._url = url
        self._token = token
        self._clients = threading.local()  # a client belongs to one thread
        self._patiently = tenacity.Retrying(
            retry=retry_if_exception(may_pass),
            wait=wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT_S),
            stop=stop_after_delay(GIVE_UP_AFTER_S) | stop_when_event_set(stopping),
            sleep=sleep_using_event(stopping),
            reraise=True,
        )

    @property
    def _hub(self) -> Hub:
        if not hasattr(self._clients, "hub"):
            self._clients.hub = Hub(self._url, self._token)
        client: Hub = self._clients.hub
        return client

    def claim(self, request: ClaimRequest) -> ClaimedAnalysis | None:
        answer = self._hub.request("POST", f"{API_PREFIX}/worker/claim", document=request)
        return None if answer.status_code == NO_CONTENT else ClaimedAnalysis.model_validate_json(answer.content, extra="ignore")

    def progress(self, claimed: ClaimedAnalysis, report: ProgressReport) -> None:
        self._post(claimed, "progress", report)

    def fetch(self, claimed: ClaimedAnalysis, folder: Path, check: Check) -> Path:
        """Download what is not there yet; an interrupted download goes on where it broke off."""
        for file in claimed.files:
            self._insist(partial(self._download, claimed, file, folder, check))
        return folder

    def put_table(self, claimed: ClaimedAnalysis, table: Path) -> None:
        content = table.read_bytes()
        path = f"{_path(claimed)}/table"
        self._insist(lambda: self._hub.request("PUT", path, body=content, headers=_fence(claimed)))

    def complete(self, claimed: ClaimedAnalysis, completion: Completion) -> None:
        self._insist(lambda: self._post(claimed, "complete", completion))

    def fail(self, claimed: ClaimedAnalysis, failure: Failure) -> None:
        self._insist(lambda: self._post(claimed, "fail", failure))

    def give_back(self, claimed: ClaimedAnalysis) -> None:
        self._insist(lambda: self._post(claimed, "give-back", None))

    def _insist(self, call: Callable[[], Answer]) -> Answer:
        return self._patiently.copy()(call)

    def _post(self, claimed: ClaimedAnalysis, verb: str, document: Document | None) -> None:
        self._hub.request("POST", f"{_path(claimed)}/{verb}", document=document, headers=_fence(claimed))

    def _download(self, claimed: ClaimedAnalysis, file: FileRecord, folder: Path, check: Check) -> None:
        part = folder / (file.name + PART_SUFFIX)
        with part.open("ab") as received:
            start = received.tell()
            if start < file.size_bytes:
                headers = {**_fence(claimed), "Range": f"bytes={start}-"}
                with self._hub.download(f"{_path(claimed)}/files/{file.name}", headers=headers) as blocks:
                    for block in blocks:
                        received.write(block)
                        check()
        if sha256_of_file(part) != file.sha256:
            part.unlink()
            raise GrimaceError(FILE_HASH, f"{file.name} as it arrived here")
        part.rename(folder / file.name)


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed later: the hub was not reached, or failed itself."""
    return isinstance(error, HubUnreachable) or (isinstance(error, HubRefused) and error.status >= SERVER_ERROR)


def _path(claimed: ClaimedAnalysis) -> str:
    return f"{API_PREFIX}/worker/analyses/{claimed.analysis_id}"


def _fence(claimed: ClaimedAnalysis) -> dict[str, str]:
    return {FENCE_HEADER: claimed.fence}
