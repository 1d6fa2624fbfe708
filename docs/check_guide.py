"""Writes the table of checks in `docs/before-a-recording.md` from the checks themselves: `python docs/check_guide.py`."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType

from rig.preflight.run import CHECKS

PAGE = Path(__file__).parent / "before-a-recording.md"
BEGIN, END = "<!-- checks: made by `python docs/check_guide.py`; a test keeps them current -->", "<!-- /checks -->"

OUTCOMES = {
    "failing": "stops the recording",
    "warning": "has to be accepted with a reason",
    "unreachable": "is told, and nobody has to do anything",
}
"""What a check may come to besides passing, by the function of ours that it makes its result with."""


def table() -> str:
    """A row for every check, in the order in which they are shown."""
    modules = {name: inspect.getmodule(check) for name, check in CHECKS.items()}
    rows = [f"| `{name}` | {_question(module)} | {_outcomes(module)} |" for name, module in modules.items() if module is not None]
    return "\n".join(["| Check | What it asks | If not |", "|---|---|---|", *rows])


def _question(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0]


def _outcomes(module: ModuleType) -> str:
    return ", or ".join(meaning for name, meaning in OUTCOMES.items() if hasattr(module, name))


def with_table(page: str) -> str:
    """The page with the table as it is now."""
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: f"{BEGIN}\n{table()}\n{END}", page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
