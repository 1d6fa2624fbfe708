"""How the hub's client tells a refusal from silence, against a server that answers whatever a test wants."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.api import Problem, SessionPage
from shared.client import Hub, HubRefused, HubUnreachable
from shared.faults import FAULTS, GrimaceError, Severity
from tests.processes import unused_port

TOKEN = "rig_1_a-secret-that-must-not-be-seen"


@dataclass
class Answers:
    """A server whose every answer is `give`, as it goes over the wire."""

    url: str
    give: bytes = b""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def http(status: int, body: bytes, content_type: str = "application/json", length: int | None = None) -> bytes:
    head = f"HTTP/1.1 {status} x\r\nContent-Type: {content_type}\r\nContent-Length: {len(body) if length is None else length}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


def problem(code: str, status: int) -> bytes:
    content = Problem(title="Title", status=status, code=code, detail="the detail").model_dump_json().encode()
    return http(status, content, "application/problem+json")


@pytest.fixture
def server() -> Iterator[Answers]:
    answers = Answers("")

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            answers.seen.append((self.path, dict(self.headers)))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.wfile.write(answers.give)
            self.close_connection = True

        do_GET = do_HEAD = answer  # noqa: N815 - the names by which http.server finds them

        def log_message(self, *_: object) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    yield answers
    listening.shutdown()
    thread.join()
    listening.server_close()


def ask(server: Answers) -> SessionPage:
    return Hub(server.url, TOKEN, connect_timeout_s=1, read_timeout_s=0.3).sessions()


@pytest.mark.parametrize("code", ["E_TOKEN_REFUSED", "E_SESSION_CONFLICT", "E_HUB_DISK_FULL"])
def test_a_refusal_carries_the_hubs_fault_and_status(server, code):
    server.give = problem(code, 418)
    with pytest.raises(HubRefused, match="the detail") as refused:
        ask(server)
    assert (refused.value.fault, refused.value.status) == (FAULTS[code], 418)


def test_a_refusal_with_a_code_of_a_newer_hub_is_still_a_refusal_and_shows_the_code(server):
    server.give = problem("E_NOT_INVENTED_YET", 409)
    with pytest.raises(HubRefused, match="E_NOT_INVENTED_YET") as refused:
        ask(server)
    assert refused.value.fault.code == "E_HUB_REFUSED"


def test_a_refused_head_is_understood_by_its_status_since_it_has_no_body(server):
    server.give = http(410, b"", "application/problem+json")
    with pytest.raises(HubRefused) as refused:
        Hub(server.url, TOKEN).request("HEAD", "/api/v1/uploads/x")
    assert refused.value.fault.code == "E_UPLOAD_GONE"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (http(502, b"<html>Bad gateway</html>", "text/html"), "answers 502, and not as a hub does"),
        (http(302, b"", "text/html"), "answers 302"),
        (http(404, b"<html>captive portal</html>", "text/html"), "answers 404"),
        (http(200, b"<html>Please sign in</html>", "text/html"), "does not answer as a hub does"),
        (http(200, b'{"items": [', length=500), "IncompleteRead|Connection broken|ProtocolError"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "127.0.0.1"),
        (b"", "127.0.0.1"),
    ],
    ids=["gateway", "redirect", "portal", "wrong-page", "truncated", "not-http", "hang-up"],
)
def test_what_is_no_answer_of_a_hub_counts_as_unreachable_and_never_as_a_refusal(server, given, words):
    server.give = given
    with pytest.raises(HubUnreachable, match=words) as unreachable:
        ask(server)
    assert unreachable.value.fault.severity is Severity.WARNING


def test_a_closed_port_is_named_in_plain_words():
    port = unused_port()
    with pytest.raises(HubUnreachable, match=f"127.0.0.1:{port}: Connection refused"):
        Hub(f"http://127.0.0.1:{port}", TOKEN).sessions()


def test_a_hub_that_takes_the_request_and_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub = Hub(f"http://127.0.0.1:{silent.getsockname()[1]}", TOKEN, read_timeout_s=0.2)
        with pytest.raises(HubUnreachable, match=r"no answer from 127\.0\.0\.1:\d+ within 0\.2 s"):
            hub.sessions()


def test_keys_that_only_a_newer_hub_knows_do_not_stop_an_older_rig(server):
    server.give = http(200, b'{"items": [], "next_cursor": null, "invented_later": {"a": 1}}')
    assert ask(server) == SessionPage(items=())


def test_a_download_arrives_in_blocks_and_one_that_is_cut_short_is_noticed(server):
    content = bytes(range(256)) * 4096
    server.give = http(200, content, "video/mp4")
    with Hub(server.url, TOKEN).download("/file") as blocks:
        received = list(blocks)
    assert len(received) > 1
    assert b"".join(received) == content

    server.give = http(200, content, "video/mp4", length=len(content) + 1)
    with pytest.raises(HubUnreachable), Hub(server.url, TOKEN).download("/file") as blocks:
        list(blocks)


def test_a_hub_under_a_path_of_another_site_is_found(server):
    server.give = http(200, b'{"items": []}')
    Hub(server.url + "/grimace/", TOKEN).sessions(cursor="7")
    assert server.seen[0][0] == "/grimace/api/v1/sessions?cursor=7"


def test_the_token_is_sent_and_appears_in_no_log_and_no_error(server, caplog, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    caplog.set_level(logging.DEBUG)
    errors = []
    for given in (problem("E_TOKEN_REFUSED", 401), b"", http(200, b"{}")):
        server.give = given
        try:
            ask(server)
        except GrimaceError as error:
            errors.append(repr(error) + str(error) + str(error.__cause__) + str(error.__context__))
    assert [headers["Authorization"] for _, headers in server.seen] == [f"Bearer {TOKEN}"] * 3
    assert len(errors) == 3
    assert TOKEN not in caplog.text + "".join(errors) + repr(Hub(server.url, TOKEN))


@pytest.mark.parametrize("token", ["", "two\nlines", "umlaut-ü", "with blank"])
def test_a_token_that_cannot_be_sent_is_refused_before_anything_is_and_not_repeated(token):
    with pytest.raises(GrimaceError) as refused:
        Hub("http://127.0.0.1:1", token)
    assert refused.value.fault.code == "E_TOKEN_REFUSED"
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("path", ["@{other}/api/v1/uploads/1", ".example/api/v1/uploads/1", "uploads/1", ""])
def test_the_token_goes_nowhere_else_whatever_path_an_answer_named(server, path):
    with pytest.raises(HubUnreachable, match="not one of its own"):
        Hub("http://hub.invalid", TOKEN).request("HEAD", path.format(other=server.url.removeprefix("http://")))
    assert server.seen == []
