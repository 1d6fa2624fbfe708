"""Every route names who may use it, and nobody reaches another lab's things through any of them."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from hub.app import create_app
from hub.authentication import allowed
from hub.permissions import RULES, Action, Who
from hub.settings import HubSettings
from hub.tables import Role
from shared.api import API_PREFIX, FENCE_HEADER, TUS_PATH, TUS_VERSION
from tests.hub.analyses.analysis_hub import AnalysisHub
from tests.hub.uploads.tus import OFFSET_STREAM, Tus, metadata
from tests.hub.web.web_hub import WebHub
from tests.hub.worker.test_ports import COMPLETION

PUBLIC = {
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
    ("OPTIONS", TUS_PATH),
    ("OPTIONS", f"{TUS_PATH}/{{upload_uid}}"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/{secret}"),
    ("POST", "/sign-in/{secret}"),
    ("POST", "/sign-out"),
    ("GET", "/static"),
    ("POST", f"{API_PREFIX}/enrolments/redeem"),
}
"""What anybody may ask: the description of the API and of the tus server, the way in and out, the style sheets; and a rig that
has a code instead of a token."""

OWN_LAB_ONLY = {("PUT", f"{API_PREFIX}/sessions/{{session_id}}")}
"""Takes an id without looking for it elsewhere: every lab has its own session of that id."""

FILE_BYTES = 100
ANNOUNCEMENT = {
    "study": {},
    "recorded_at": "2026-03-01T09:00:00Z",
    "files": [{"name": "clip.mp4", "size_bytes": FILE_BYTES, "sha256": "0" * 64}],
}
BODIES = {
    "analyses": {"rate": 3.0},
    "progress": {"frames_done": 1, "frames_planned": 2},
    "complete": COMPLETION.model_dump(mode="json"),
    "fail": {"code": "E_SCORING"},
}
"""A valid body for the last word of a path, so that a refusal is about the permission and not about the body."""


@dataclass(frozen=True)
class Route:
    """A method on a path template, and the action that it asks for."""

    method: str
    path: str
    action: Action | None

    @property
    def names_something(self) -> bool:
        """Whether the address names a thing of a lab."""
        return "{" in self.path and (self.method, self.path) not in PUBLIC | OWN_LAB_ONLY


def actions_of(dependant: Dependant) -> Iterator[Action]:
    for dependency in dependant.dependencies:
        if getattr(dependency.call, "__qualname__", "").startswith(f"{allowed.__name__}."):
            yield inspect.getclosurevars(dependency.call).nonlocals["action"]
        yield from actions_of(dependency)


def routes() -> list[Route]:
    """Every route of the application, whoever added it."""
    found = []
    for route in iter_route_contexts(create_app(HubSettings(embedded_worker=False)).routes):
        dependant = getattr(route, "dependant", None)
        actions = set(actions_of(dependant)) if dependant else set()
        assert len(actions) <= 1, f"{route.path} asks for {actions}"
        found += [Route(method, route.path, next(iter(actions), None)) for method in sorted(route.methods or {"GET"})]
    return found


ROUTES = routes()


def label(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_every_route_names_its_action_or_is_public():
    assert {(route.method, route.path) for route in ROUTES if route.action is None} == PUBLIC


def test_every_action_has_a_rule_and_a_route():
    assert set(RULES) == set(Action) == {route.action for route in ROUTES} - {None}


@dataclass(frozen=True)
class Site:
    """A hub with a lab that has a scored session and an open upload, and everybody else who has a token."""

    hub: AnalysisHub
    ids: dict[str, str]
    strangers: dict[str, tuple[Who, str]]

    def ask(self, route: Route, token: str) -> requests.Response:
        """Use the route on the lab's things with this token, or with none."""
        path = route.path.format(**self.ids)
        headers = {"Tus-Resumable": TUS_VERSION, "Upload-Offset": "0", FENCE_HEADER: str(uuid.uuid4())}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = BODIES.get(path.rpartition("/")[-1])
        if route.method == "PATCH":
            headers["Content-Type"] = OFFSET_STREAM
        return requests.request(route.method, self.hub.url + path, headers=headers, json=body, timeout=20, allow_redirects=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    with AnalysisHub(tmp_path_factory.mktemp("site")) as hub:
        hub.add_lab()
        hub.add_lab("Other lab")
        rig = Tus(hub.url, hub.add_rig())
        waiting = rig.announce_listed({"clip.mp4": (FILE_BYTES, "0" * 64)})
        upload = rig.create(waiting, "clip.mp4", FILE_BYTES).headers["Location"]
        session_id = hub.store()
        ids = {
            "session_id": session_id,
            "analysis_id": WebHub(hub).score(session_id),
            "upload_uid": upload.rpartition("/")[-1],
            "name": "part-1.mp4",
            "frame_index": "3",
        }
        strangers = {
            "another lab's rig": (Who.RIG, hub.add_rig("rig-9", "Other lab")),
            "another rig of the lab": (Who.RIG, hub.add_rig("rig-2")),
            "a worker": (Who.WORKER, hub.add_worker()),
            **{f"another lab's {role}": (Who(role), hub.add_person(f"{role}@else.org", "Other lab", role)) for role in Role},
        }
        yield Site(hub, ids, strangers)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.names_something], ids=label)
def test_what_belongs_to_others_does_not_exist(site, route):
    nobody = site.ask(route, "").status_code
    assert nobody == (401 if route.path.startswith(API_PREFIX) else 303)
    for name, (who, token) in site.strangers.items():
        if who not in RULES[route.action]:
            expected = 403
        else:
            expected = 409 if route.action is Action.SCORE else 404  # a worker has no lab, but it has not claimed this
        assert site.ask(route, token).status_code == expected, name


@pytest.mark.parametrize("path", ["/", "/live/sessions", f"{API_PREFIX}/sessions", f"{API_PREFIX}/analyses"])
def test_lists_show_nothing_of_others(site, path):
    assert label(Route("GET", path, None)) in map(label, ROUTES)
    for name, (who, token) in site.strangers.items():
        answer = site.ask(Route("GET", path, None), token)
        assert answer.status_code == (403 if who is Who.WORKER else 200), name
        assert not [uid for uid in site.ids.values() if len(uid) == 36 and uid in answer.text], name


def test_a_file_of_another_labs_session_cannot_be_uploaded(site):
    for name, (who, token) in site.strangers.items():
        tus = Tus(site.hub.url, token)
        told = {"Upload-Length": "1", "Upload-Metadata": metadata(session=site.ids["session_id"], filename="part-1.mp4")}
        assert tus.request("POST", TUS_PATH, told).status_code == (403 if who is Who.WORKER else 404), name


def test_every_lab_has_its_own_session_of_an_id(site):
    session_id = site.hub.store()
    ours, theirs = (Tus(site.hub.url, site.hub.add_person(f"{lab}@new.org", lab)) for lab in ("Lab", "Other lab"))
    before = ours.session(session_id)
    answer = theirs.request("PUT", f"{API_PREFIX}/sessions/{session_id}", json=ANNOUNCEMENT)
    assert (answer.status_code, answer.json()["state"], answer.json()["analyses"]) == (201, "open", [])
    assert ours.session(session_id) == before
