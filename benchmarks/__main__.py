"""`python -m benchmarks [MODULE ...]`: run the benchmarks, show them beside their goals, write build/bench.json."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.measurement import Measurement

BUILD_FOLDER = Path("build")
WORK_FOLDER = BUILD_FOLDER / "bench"
RESULT = BUILD_FOLDER / "bench.json"


def available() -> list[str]:
    """The modules of this package that measure something."""
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__"]
    return [name for name in names if hasattr(importlib.import_module(f"benchmarks.{name}"), "measure")]


def run(names: Sequence[str], console: Console) -> list[Measurement]:
    """Measure, one module after the other: they must not take the processor from each other."""
    WORK_FOLDER.mkdir(parents=True, exist_ok=True)
    found: list[Measurement] = []
    for name in names:
        with console.status(f"measuring {name}"):
            found += importlib.import_module(f"benchmarks.{name}").measure(WORK_FOLDER)
    return found


def show(measurements: Sequence[Measurement], console: Console) -> None:
    table = Table("measured", "value", "goal", "")
    table.columns[0].no_wrap = True
    for entry in measurements:
        met = "[green]met" if entry.met else "[red]not met"
        table.add_row(entry.name, f"{entry.value:.3g} {entry.unit}", f"{entry.sense} {entry.goal:g} {entry.unit}", met)
    console.print(table)


def save(measurements: Sequence[Measurement]) -> None:
    """Write the values where CI finds them, over those of the last run of the same benchmarks."""
    values = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    values |= {entry.name: {"value": entry.value, "goal": entry.goal, "unit": entry.unit} for entry in measurements}
    RESULT.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    console = Console()
    known = available()
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        console.print(f"[red]no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    measurements = run(arguments or known, console)
    show(measurements, console)
    save(measurements)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
