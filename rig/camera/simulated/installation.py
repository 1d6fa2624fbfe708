"""Puts the simulated libcamera where picamera2 looks for the real one, together with what else it misses off a Raspberry Pi.

Everything happens in `install`, on call, in this process only. A real libcamera on the machine is left alone, but not used.
"""

from __future__ import annotations

import sys
from types import ModuleType

from rig.camera.simulated import libcamera
from rig.camera.simulated.camera import CameraManager
from rig.camera.simulated.memory import MemoryHeap, MemorySync

SCREEN_FORMATS = ("RGB888", "BGR888", "XRGB8888", "XBGR8888", "YUV420", "YVU420", "NV12")


def install(manager: CameraManager) -> None:
    """From now on picamera2 finds the manager's camera. Raises ImportError when picamera2 itself is not installed.

    Must be called before anything imports picamera2; again for another camera when the last one is closed.
    """
    CameraManager.install(manager)
    sys.modules["libcamera"] = libcamera
    sys.modules["pykms"] = _screen_library()
    from picamera2.allocators import dmaallocator

    dmaallocator.DmaHeap = MemoryHeap
    dmaallocator.DmaAllocator.DmaSync = MemorySync


def _screen_library() -> ModuleType:
    """`pykms`, as far as importing picamera2's preview windows goes; nobody opens one."""
    pykms = ModuleType("pykms")
    pykms.PixelFormat = type("PixelFormat", (), dict.fromkeys(SCREEN_FORMATS))  # type: ignore[attr-defined]  # a made module
    return pykms
