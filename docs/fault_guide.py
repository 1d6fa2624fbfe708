"""Writes `docs/what-can-go-wrong.md` from the faults that the software knows: `python docs/fault_guide.py`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shared.faults import FAULTS, Fault, Severity

PAGE = Path(__file__).parent / "what-can-go-wrong.md"

INTRODUCTION = """\
# What can go wrong

<!-- Made from shared/faults.py by `python docs/fault_guide.py`; a test keeps it current. -->

Everything that can go wrong has a code. It is the same on the rig, on the hub's pages, in the API's answers, in a session's
manifest and in the logs, and it comes with what to do about it.
"""

OF_SEVERITY = {
    Severity.ERROR: ("Errors", "This piece of work ends, or waits for you; everything else goes on."),
    Severity.WARNING: ("Warnings", "The work goes on, and its result carries the warning."),
}


def guide(faults: Iterable[Fault]) -> str:
    """The whole page: errors, then warnings, each in the order of the code, from the camera to the scores."""
    known = list(faults)
    sections = [INTRODUCTION]
    for severity, (heading, meaning) in OF_SEVERITY.items():
        rows = [f"| `{fault.code}` | {fault.text} | {fault.remedy} |" for fault in known if fault.severity is severity]
        table = "\n".join(["| Code | What happened | What to do |", "|---|---|---|", *rows])
        sections.append(f"## {heading}\n\n{meaning}\n\n{table}\n")
    return "\n".join(sections)


if __name__ == "__main__":
    PAGE.write_text(guide(FAULTS.values()), encoding="utf-8")
