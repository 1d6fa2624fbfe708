"""Faults as a page is told of them: code, text, what was seen, and what to do, in the screen's language."""

from __future__ import annotations

from rig.screen.texts import Texts
from shared.faults import GrimaceError


def told(error: GrimaceError, texts: Texts) -> dict[str, str]:
    words = texts.fault(error.fault.code)
    return {"code": words.code, "text": words.text, "detail": error.detail, "remedy": words.remedy}
