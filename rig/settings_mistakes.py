"""Mistakes in a settings file, in plain words: the line, the key, what is allowed, and what was probably meant."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Location = Sequence[int | str]

PLAIN_WORDS: Mapping[str, str] = {
    "missing": "is needed, but not there",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "multiple_of": "must be a multiple of {multiple_of}",
    "literal_error": "must be {expected}",
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have {max_length} entries or fewer",
    "string_too_short": "must not be empty",
    "string_too_long": "must have {max_length} characters or fewer",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": 'must be a text in "quotes"',
    "path_type": 'must be a path in "quotes"',
    "tuple_type": "must be a list in [brackets]",
    "model_type": "must be a section of its own",
}
"""By pydantic's type of error; the names in braces are of its context."""

PATTERNS_IN_WORDS: Mapping[str, str] = {
    "rig_id": 'must be 3 to 32 of a-z, 0-9 and "-"',
    "url": "must be an address that begins with http:// or https://",
    "language": 'must be a language\'s two letters, like "en"',
}
"""For texts that have to fit a pattern, by the key's name."""


def mistakes_in(text: str, error: ValidationError, model: type[BaseModel]) -> str:
    """Every mistake of the settings `text`, which `model` refused, joined into one line."""
    return "; ".join(_in_words(text, found, model) for found in error.errors())


def _in_words(text: str, found: ErrorDetails, model: type[BaseModel]) -> str:
    names = [part for part in found["loc"] if isinstance(part, str)]
    number = line_of(text, names)
    return (f"line {number}: " if number else "") + f"{_dotted(found['loc'])}: {_complaint(found, model)}"


def _dotted(location: Location) -> str:
    """`recording.durations_min[2]`; entries of lists count from 1."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")


def _complaint(found: ErrorDetails, model: type[BaseModel]) -> str:
    if found["type"] == "extra_forbidden":
        return f"there is no such setting{_suggestion(found['loc'], model)}"
    name = str(found["loc"][-1])
    if found["type"] == "string_pattern_mismatch" and name in PATTERNS_IN_WORDS:
        return f"{PATTERNS_IN_WORDS[name]}, not {found['input']!r}"
    words = PLAIN_WORDS.get(found["type"], found["msg"])
    plain = words.format(**found.get("ctx", {}))
    return plain if found["type"] in {"missing", "too_short", "too_long"} else f"{plain}, not {found['input']!r}"


def _suggestion(location: Location, model: type[BaseModel]) -> str:
    *above, wrong = (part for part in location if isinstance(part, str))
    section = _section(model, above)
    similar = difflib.get_close_matches(wrong, section.model_fields if section else (), n=1)
    if similar:
        return f"; did you mean {similar[0]}?"
    places = [".".join(path) for path, other in _sections(model) if wrong in other.model_fields]
    return f"; it belongs under [{places[0]}]" if places and places[0] else ""


def _section(model: type[BaseModel], names: Sequence[str]) -> type[BaseModel] | None:
    return next((section for path, section in _sections(model) if path == tuple(names)), None)


def _sections(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """The model and the models of its fields, with the names that lead to each."""
    yield above, model
    for name, info in model.model_fields.items():
        inner = _model_of(info.annotation)
        if inner is not None:
            yield from _sections(inner, (*above, name))


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, or may hold (`X | None`)."""
    choices = typing.get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return next((kind for kind in choices if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def line_of(text: str, names: Sequence[str]) -> int | None:
    """The line on which the key with this dotted path stands, as far as a plain `[section]` and `key = value` layout tells."""
    wanted, section = list(names), list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = [part.strip().strip("\"'") for part in header[1].split(".")]
            if section == wanted:
                return number
        elif (assignment := re.match(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=", line)) and [*section, assignment[1]] == wanted:
            return number
    return None
