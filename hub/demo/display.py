"""What a person sees of the demonstration's progress: a moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PLAIN_LINE_EVERY_S = 5.0


@dataclass(frozen=True)
class Stage:
    """Where the work stands: a name that lasts, the share that is done (0 to 1, if known), and what was observed."""

    name: str
    share: float | None = None
    observed: str = ""


class Display:
    """Shows stages. A finished stage stays on the screen with a tick and what was observed last."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: Stage | None = None
        self._printed: Stage | None = None
        self._printed_at_s = 0.0
        self._task: TaskID | None = None
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[observed]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._finish_shown()
        self._progress.stop()

    def show(self, stage: Stage) -> None:
        """Show where the work stands now."""
        if self._shown is None or self._shown.name != stage.name:
            self._finish_shown()
            self._task = self._progress.add_task(stage.name, total=None, observed="")
            self._print(stage)
        elif self._shown != stage and time.monotonic() - self._printed_at_s > PLAIN_LINE_EVERY_S:
            self._print(stage)
        self._shown = stage
        if self._task is not None:
            total = None if stage.share is None else 1.0
            self._progress.update(self._task, total=total, completed=stage.share or 0.0, observed=stage.observed)

    def _finish_shown(self) -> None:
        if self._shown is not None and self._shown != self._printed:
            self._print(self._shown)
        if self._task is not None:
            self._progress.update(self._task, total=1.0, completed=1.0)
            self._progress.stop_task(self._task)

    def _print(self, stage: Stage) -> None:
        self._printed, self._printed_at_s = stage, time.monotonic()
        if not self._console.is_terminal:
            percent = "" if stage.share is None else f" {100 * stage.share:3.0f} %"
            self._console.print(f"{stage.name}{percent}  {stage.observed}".rstrip(), markup=False, highlight=False)
