"""The camera of `--camera sim`: the rig's own picamera backend, over picamera2, over the simulated camera."""

from __future__ import annotations

from pathlib import Path

from rig.camera.picamera.camera import PicameraCamera
from rig.camera.picamera.library import missing_explained
from rig.camera.simulated.camera import CameraManager
from rig.camera.simulated.faults import FaultBook
from rig.camera.simulated.installation import install
from rig.camera.simulated.orders import OrderTaker
from rig.camera.sources import open_scene
from rig.settings import RigSettings

TUNING_FOLDER = Path(__file__).parent / "tuning"


def simulated_camera(settings: RigSettings) -> PicameraCamera:
    """The camera, not yet opened. It takes orders to fail from now on.

    Raises GrimaceError(E_CAM_SOURCE) when picamera2 is missing or there is nothing to film.
    """
    asked = settings.camera
    open_scene(asked.source, asked.width_px, asked.height_px, asked.frame_rate).close()
    faults = FaultBook()
    manager = CameraManager(lambda: open_scene(asked.source, asked.width_px, asked.height_px, asked.frame_rate), faults)
    with missing_explained():
        install(manager)
    OrderTaker(settings.data_folder, faults).start()
    return PicameraCamera(asked, TUNING_FOLDER)
