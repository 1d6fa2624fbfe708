"""Makes a process of ours end with the one that looks after it: nothing of a rig on a desk survives its `grimace-rig run`.

Linux sends the signal when the parent dies, however it dies (`prctl(2)`, PR_SET_PDEATHSIG). It is SIGHUP, not SIGTERM: SIGTERM
ends a recording for good, while one that is cut off goes on as its next part when the rig is started again.
"""

from __future__ import annotations

import ctypes
import os
import signal

SUPERVISOR_VARIABLE = "GRIMACE_SUPERVISOR"
"""The environment variable by which a supervisor tells its children its process id. Under systemd, or by hand, there is none."""

_PR_SET_PDEATHSIG = 1


def end_with_supervisor() -> None:
    """Ask for SIGHUP at the supervisor's death; ends this process at once when that has happened already."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGHUP)
    if os.getppid() != int(supervisor):
        os.kill(os.getpid(), signal.SIGHUP)


def supervised_environment() -> dict[str, str]:
    """For the children of this process."""
    return {**os.environ, SUPERVISOR_VARIABLE: str(os.getpid())}
