"""Pages from templates: the environment, what every page shows, and the address of static files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select

from hub.authentication import hub_of
from hub.permissions import Actor
from hub.tables import Lab, Membership, User
from hub.web import quantities, words
from shared import __version__
from shared.hashing import sha256_of_file

WEB = Path(__file__).parent
STATIC = WEB / "static"

_ADDRESSES = {path.name: f"/static/{path.name}?v={sha256_of_file(path)[:12]}" for path in STATIC.iterdir()}
"""Static files under addresses that change with their content, so that browsers may keep them for ever."""

_templates = Environment(
    loader=FileSystemLoader(WEB / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
for _quantity in (
    quantities.size,
    quantities.duration,
    quantities.clock_time,
    quantities.moment,
    quantities.percent,
    quantities.decimal,
    quantities.rate,
    quantities.score,
    quantities.counted,
):
    _templates.filters[_quantity.__name__] = _quantity
_templates.filters["view_box"] = lambda box: f"{box.x:.0f} {box.y:.0f} {box.width:.0f} {box.height:.0f}"
_templates.globals.update(
    static=_ADDRESSES,
    version=__version__,
    MISSING=quantities.MISSING,
    analysis_title=words.analysis_title,
    scoring_step=words.scoring_step,
)


@dataclass(frozen=True)
class Viewer:
    """Who looks at the page, and in which lab; `other_labs` are those that the person could change to, by uid."""

    name: str
    lab: str
    role: str
    other_labs: tuple[tuple[str, str], ...] = ()


def viewer_of(request: Request, actor: Actor) -> Viewer:
    """Name the actor for the page's head."""
    with hub_of(request).database.reading() as session:
        lab = session.get(Lab, actor.lab_id)
        user = session.get(User, actor.user_id) if actor.user_id else None
        others = session.execute(
            select(Lab.uid, Lab.name).join(Membership).where(Membership.user_id == actor.user_id, Lab.id != actor.lab_id)
        )
        return Viewer(
            name=user.name if user else actor.who.value,
            lab=lab.name if lab else "",
            role=actor.who.value,
            other_labs=tuple((uid, name) for uid, name in others),
        )


def page(template: str, viewer: Viewer | None = None, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A page made from a template of ours; `viewer` is None for those that are not signed in."""
    return HTMLResponse(_templates.get_template(template).render(viewer=viewer, **values), status_code)
