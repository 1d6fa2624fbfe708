"""The supervisor keeps each process alive for itself."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from rig.supervisor import EXIT_FOR_GOOD, ProcessSpec, Supervisor
from shared.clock import SystemClock
from tests.processes import until


def test_a_process_that_cannot_be_started_does_not_end_the_other(tmp_path: Path):
    sign = tmp_path / "sign"
    write_and_wait = f"import pathlib, time; pathlib.Path({str(sign)!r}).touch(); time.sleep(60)"
    specs = [ProcessSpec("missing", ["/nowhere/at-all"]), ProcessSpec("camera", [sys.executable, "-c", write_and_wait])]
    supervisor = Supervisor(specs, SystemClock())
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        until(sign.exists)
        assert thread.is_alive()
    finally:
        supervisor.ask_to_end()
        thread.join()


def test_a_process_that_cannot_work_here_ends_the_supervisor_and_the_others():
    gives_up = ProcessSpec("camera", [sys.executable, "-c", f"raise SystemExit({EXIT_FOR_GOOD})"])
    waits = ProcessSpec("uploader", [sys.executable, "-c", "import time; time.sleep(60)"])
    assert Supervisor([waits, gives_up], SystemClock()).run() == EXIT_FOR_GOOD
