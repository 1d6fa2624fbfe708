"""A wall clock that a test can set: a small preloaded library moves it in real processes, and leaves the monotonic one alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("wall_clock.c")


class WallClock:
    """Processes started with `environment` live at the true time plus what `set` said last."""

    def __init__(self, folder: Path) -> None:
        """Compile the library into `folder`; skips the test where there is no compiler."""
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler: `apt-get install gcc libc6-dev`")
        self._library = folder / "wall_clock.so"
        self._offset = folder / "wall_clock.offset"
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(self._library), str(SOURCE), "-ldl"], check=True)
        self.set(0)

    @property
    def environment(self) -> Mapping[str, str]:
        return {"LD_PRELOAD": str(self._library), "WALL_CLOCK_OFFSET": str(self._offset)}

    def set(self, offset_s: int) -> None:
        """The clock's new offset from the true time; processes see it at once."""
        self.offset_s = offset_s
        waiting = self._offset.with_suffix(".new")
        waiting.write_text(str(offset_s))
        waiting.replace(self._offset)
