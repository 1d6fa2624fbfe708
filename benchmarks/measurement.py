"""A measured value with its goal, and how processor time is measured."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

ROUNDS = 3


@dataclass(frozen=True)
class Measurement:
    """One named value; `goal` is the least or the most it may be, as `sense` says."""

    name: str
    value: float
    goal: float
    unit: str
    sense: Literal["at least", "at most"] = "at least"

    @property
    def met(self) -> bool:
        return self.value >= self.goal if self.sense == "at least" else self.value <= self.goal


def cpu_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Processor time of all threads of this process during `work`: the median of some rounds."""
    return median(_once(work) for _ in range(rounds))


def _once(work: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
