"""The hub's API from the outside: a small typed client for rigs, workers and scripts.

Every call has time-outs and fails in one of two ways: the hub said no (`HubRefused`, with its fault), or no answer of a hub
came (`HubUnreachable`: no network, a restart, a proxy's error page). The token goes to the hub's own address and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import ValidationError
from requests.auth import AuthBase

from shared import __version__, faults
from shared.api import (
    API_PREFIX,
    AnalysisPage,
    AnalysisRequest,
    AnalysisView,
    Enrolled,
    EnrolmentRequest,
    Problem,
    RigHeartbeat,
    Roster,
    SessionAnnouncement,
    SessionPage,
    SessionView,
)
from shared.documents import Document
from shared.faults import FAULTS, Fault, GrimaceError

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
DOWNLOAD_BLOCK_BYTES = 256 * 1024
PROBLEM_TYPE = "application/problem+json"

_FAULT_OF_BARE_STATUS: Mapping[int, Fault] = {
    401: faults.TOKEN_REFUSED,
    403: faults.NOT_ALLOWED,
    404: faults.NOT_FOUND,
    410: faults.UPLOAD_GONE,
    413: faults.UPLOAD_TOO_LARGE,
    422: faults.NOT_VALID,
    423: faults.UPLOAD_BUSY,
    507: faults.HUB_DISK_FULL,
}
"""What a status means when its problem cannot be read because the answer to a HEAD has no body."""

Answer = TypeVar("Answer", bound=Document)


class HubRefused(GrimaceError):
    """The hub understood the request and said no. `status` is the HTTP status."""

    def __init__(self, fault: Fault, detail: str, status: int) -> None:
        super().__init__(fault, detail)
        self.status = status


class HubUnreachable(GrimaceError):
    """No answer of a hub came; nothing is known of what became of the request."""

    def __init__(self, detail: str) -> None:
        super().__init__(faults.HUB_UNREACHABLE, detail)


class _Bearer(AuthBase):
    """Puts the token, if any, on each request; unlike a session header it is not replaced by an entry in ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Hub:
    """A connection to one hub with one token, or with none for what needs none. Not shared between threads.

    Raises GrimaceError(E_TOKEN_REFUSED) for a token that cannot be sent at all.
    """

    def __init__(
        self, url: str, token: str | None, *, connect_timeout_s: float = CONNECT_TIMEOUT_S, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        if token is not None and not re.fullmatch(r"[!-~]+", token):
            raise GrimaceError(faults.TOKEN_REFUSED, "it is empty or holds characters that no token has")
        self.url = url.rstrip("/")
        self._timeouts_s = (connect_timeout_s, read_timeout_s)
        self._http = requests.Session()
        self._http.auth = _Bearer(token)
        self._http.headers["User-Agent"] = f"grimace/{__version__}"

    def close(self) -> None:
        self._http.close()

    def announce(self, session_id: str, announcement: SessionAnnouncement) -> SessionView:
        """Say that a session will be uploaded; the same announcement again answers where its uploads stand."""
        answer = self.request("PUT", f"{API_PREFIX}/sessions/{session_id}", document=announcement)
        return self._read(SessionView, answer)

    def session(self, session_id: str) -> SessionView:
        return self._read(SessionView, self.request("GET", f"{API_PREFIX}/sessions/{session_id}"))

    def sessions(self, cursor: str | None = None) -> SessionPage:
        """The sessions that the token may see, newest first; `cursor` is the `next_cursor` of the page before."""
        return self._read(SessionPage, self.request("GET", f"{API_PREFIX}/sessions", query=_page(cursor)))

    def analysis(self, analysis_id: str) -> AnalysisView:
        return self._read(AnalysisView, self.request("GET", f"{API_PREFIX}/analyses/{analysis_id}"))

    def analyses(self, cursor: str | None = None) -> AnalysisPage:
        """The analyses that the token may see, newest first; `cursor` is the `next_cursor` of the page before."""
        return self._read(AnalysisPage, self.request("GET", f"{API_PREFIX}/analyses", query=_page(cursor)))

    def start_analysis(self, session_id: str, wanted: AnalysisRequest) -> AnalysisView:
        """Have a session analysed; the same build and rate again answers the analysis that there is."""
        answer = self.request("POST", f"{API_PREFIX}/sessions/{session_id}/analyses", document=wanted)
        return self._read(AnalysisView, answer)

    def heartbeat(self, heartbeat: RigHeartbeat) -> None:
        """Tell the hub that the rig lives and what it does."""
        self.request("POST", f"{API_PREFIX}/rig/heartbeat", document=heartbeat)

    def roster(self) -> Roster:
        """Whom the rig's lab films."""
        return self._read(Roster, self.request("GET", f"{API_PREFIX}/rig/roster"))

    def redeem(self, wanted: EnrolmentRequest) -> Enrolled:
        """Become a rig of the lab whose code this is; needs no token."""
        return self._read(Enrolled, self.request("POST", f"{API_PREFIX}/enrolments/redeem", document=wanted))

    @contextmanager
    def download(self, path: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Iterator[bytes]]:
        """A file of the hub in blocks, never as a whole in memory; a connection that breaks on the way is HubUnreachable."""
        answer = self._send("GET", path, stream=True, headers=headers)
        with answer:
            self._check(answer)
            yield self._blocks(answer)

    def request(
        self,
        method: str,
        path: str,
        *,
        document: Document | None = None,
        body: bytes | Iterable[bytes] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send any request; what is not a 2xx answer of a hub is raised. A `body` that is no bytes object must have a length."""
        sent = dict(headers or {})
        if document is not None:
            body = document.model_dump_json().encode()
            sent["Content-Type"] = "application/json"
        answer = self._send(method, path, data=body, params=query, headers=sent)
        self._check(answer)
        return answer

    def _send(self, method: str, path: str, *, stream: bool = False, **options: object) -> requests.Response:
        if not path.startswith("/"):  # "@other.example/…", from an answer, would make another address of ours
            raise HubUnreachable(f"{self._address} names the path {path!r}, which is not one of its own")
        url = self.url + path
        try:
            return self._http.request(method, url, timeout=self._timeouts_s, allow_redirects=False, stream=stream, **options)  # type: ignore[arg-type]  # requests types every option apart
        except requests.RequestException as error:
            raise HubUnreachable(self._in_words(error)) from error

    def _blocks(self, answer: requests.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_content(DOWNLOAD_BLOCK_BYTES)
        except requests.RequestException as error:
            raise HubUnreachable(self._in_words(error)) from error

    def _check(self, answer: requests.Response) -> None:
        if answer.status_code // 100 == 2:
            return
        if not answer.headers.get("Content-Type", "").startswith(PROBLEM_TYPE):
            raise HubUnreachable(f"{self._address} answers {answer.status_code}, and not as a hub does")
        if answer.request.method == "HEAD":
            fault = _FAULT_OF_BARE_STATUS.get(answer.status_code, faults.HUB_REFUSED)
            raise HubRefused(fault, f"status {answer.status_code}", answer.status_code)
        problem = self._read(Problem, answer)
        known = FAULTS.get(problem.code)
        detail = problem.detail if known else f"{problem.code}: {problem.title} {problem.detail}".strip()
        raise HubRefused(known or faults.HUB_REFUSED, detail, answer.status_code)

    def _read(self, kind: type[Answer], answer: requests.Response) -> Answer:
        """The answer as a document. Keys that this version does not know are left out: the hub may be newer than the rig."""
        try:
            return kind.model_validate_json(answer.content, extra="ignore")
        except requests.RequestException as error:
            raise HubUnreachable(self._in_words(error)) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise HubUnreachable(f"{self._address} does not answer as a hub does: {where}: {first['msg']}") from error

    @property
    def _address(self) -> str:
        return urlsplit(self.url).netloc

    def _in_words(self, error: requests.RequestException) -> str:
        """What a person can use of an error that wraps three others."""
        connect_s, read_s = self._timeouts_s
        match error:
            case requests.ConnectTimeout():
                return f"no connection to {self._address} within {connect_s:g} s"
            case requests.ReadTimeout():
                return f"no answer from {self._address} within {read_s:g} s"
        return f"{self._address}: {_root_cause(error)}"


def _root_cause(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        error, cause = cause, cause.__cause__ or cause.__context__
    return type(error).__name__


def _page(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"cursor": cursor}
