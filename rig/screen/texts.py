"""The words on the touchscreen: one catalogue per language, and English wherever another language has no words yet."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.faults import FAULTS

log = logging.getLogger(__name__)

CATALOGUES = Path(__file__).parent / "texts"
ENGLISH = "en"
FOR_SCRIPTS = "script."
"""Keys under which the pages' scripts find their words."""


@dataclass(frozen=True)
class FaultWords:
    """A fault as the screen tells it."""

    code: str
    text: str
    remedy: str


class Texts:
    """A catalogue: `texts("idle.new_recording")`, with values for what stands in braces."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: Any) -> str:
        """The words of this key; a KeyError is a mistake in the program, and a test looks for it."""
        return self._words[key].format(**values) if values else self._words[key]

    def __contains__(self, key: str) -> bool:
        return key in self._words

    def keys(self) -> frozenset[str]:
        return frozenset(self._words)

    def for_scripts(self) -> dict[str, str]:
        return {key.removeprefix(FOR_SCRIPTS): words for key, words in self._words.items() if key.startswith(FOR_SCRIPTS)}

    def fault(self, code: str) -> FaultWords:
        """The catalogue's words for this fault, or else its own; an unknown code (of newer software) stands for itself."""
        fault = FAULTS.get(code)
        return FaultWords(
            code=code,
            text=self._words.get(f"fault.{code}.text", fault.text if fault else code),
            remedy=self._words.get(f"fault.{code}.remedy", fault.remedy if fault else self("faults.unknown_remedy")),
        )


def load_texts(language: str, folder: Path = CATALOGUES) -> Texts:
    """The catalogue of this language. What it lacks is English, and the log says so: the screen works in any case."""
    words = _read(folder / f"{ENGLISH}.toml")
    if language == ENGLISH:
        return Texts(ENGLISH, words)
    path = folder / f"{language}.toml"
    if not path.exists():
        log.warning("there is no catalogue for the language %r; the screen is in English", language)
        return Texts(ENGLISH, words)
    translated = _read(path)
    for key in sorted(words.keys() - translated.keys()):
        log.warning("%s has no words for %s; they are in English", path.name, key)
    return Texts(language, {**words, **translated})


def _read(path: Path) -> dict[str, str]:
    return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
