"""Which camera the settings mean: the one place where a backend is chosen.

Each is imported only when it is chosen: a desk has no picamera2, and a rig needs no replay.
"""

from __future__ import annotations

from rig.camera.backend import CameraBackend
from rig.settings import RigSettings
from shared.clock import Clock


def make_camera(settings: RigSettings, clock: Clock) -> CameraBackend:
    """The camera, not yet opened; raises GrimaceError(E_CAM_SOURCE) when what it needs is not installed."""
    if settings.camera.backend == "picamera":
        from rig.camera.picamera.camera import PicameraCamera

        return PicameraCamera(settings.camera)
    if settings.camera.backend == "sim":
        from rig.camera.simulated.backend import simulated_camera

        return simulated_camera(settings)
    if settings.camera.backend == "v4l2":
        from rig.camera.v4l2.camera import V4l2Camera
        from rig.camera.v4l2.device import UsbCamera

        return V4l2Camera(settings.camera, UsbCamera(settings.camera))
    from rig.camera.replay import ReplayCamera

    return ReplayCamera(settings.camera, clock)
