"""What a barcode or QR code says: an animal's code, or several fields of the recording at once.

Two forms are read. A plain code, such as `A-17`, is the animal's. The longer one fills any of the fields:
`grimace:1;study=Laparotomy;animal=A-17;phase=baseline;operator=Kim;subject_type=c57bl/6;duration_min=30`. In it `;` and `%`
inside a value are percent-encoded (RFC 3986, section 2.1). The group is not among the fields: the rig is blind.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from shared.documents import Document
from shared.faults import SCAN_UNREADABLE, GrimaceError

FORM = "grimace:1"
ANY_FORM = "grimace:"

Filled = Annotated[str, Field(max_length=64)]


class Scanned(Document):
    """The fields that a code fills; None leaves a field as it is."""

    study: Filled | None = None
    animal: Filled | None = None
    phase: Filled | None = None
    operator: Filled | None = None
    subject_type: Filled | None = None
    duration_min: Annotated[float, Field(gt=0, le=1440)] | None = None


def read_scan(code: str) -> Scanned:
    """Raises GrimaceError(E_SCAN), which says what is wrong with the code."""
    code = code.strip()
    if not code or not code.isprintable():
        raise GrimaceError(SCAN_UNREADABLE, "it is empty or holds signs that cannot be read")
    try:
        if not code.lower().startswith(ANY_FORM):
            return Scanned(animal=code)
        form, *fields = code.split(";")
        if form.lower() != FORM:
            raise GrimaceError(SCAN_UNREADABLE, f"{form} is not {FORM}")
        return Scanned.model_validate(dict(_field(field) for field in fields if field))
    except ValidationError as error:
        raise GrimaceError(SCAN_UNREADABLE, "; ".join(_complaint(found) for found in error.errors())) from error


def _complaint(found: ErrorDetails) -> str:
    field = ".".join(map(str, found["loc"]))
    match found["type"]:
        case "extra_forbidden":
            return f"it names {field}, which the rig does not know"
        case "string_too_long":
            return f"its {field} has more than {found['ctx']['max_length']} signs"
        case _:
            return f"its {field} cannot be used: {found['msg']}"


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise GrimaceError(SCAN_UNREADABLE, f"{text!r} is not a name and a value")
    return name.strip(), unquote(value).strip()
