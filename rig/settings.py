"""The rig's settings: one TOML file, every key checked, and a mistake named with its line.

`rig/grimace-rig.toml` is the documented sample. Paths in the file are relative to the folder that it lies in.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError, ValidationInfo

from rig.settings_mistakes import mistakes_in
from shared.bundled import sample_clip
from shared.documents import Document
from shared.face_check import SufficiencyGoal
from shared.faults import SETTINGS_INVALID, GrimaceError

PATTERN_SOURCE = "pattern"
"""Source of a simulated camera that needs no file: a generated scene whose frames carry their number."""
SAMPLE_SOURCE = "sample"
"""The bundled clip of a computer-generated mouse."""

_FOLDER = "folder"


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get(_FOLDER, Path())
    return (folder / path.expanduser()).absolute()


def _source_beside_the_file(source: str, info: ValidationInfo) -> str:
    if source == SAMPLE_SOURCE:
        return str(sample_clip())
    return source if source == PATTERN_SOURCE else str(_beside_the_file(Path(source), info))


SettingsPath = Annotated[Path, AfterValidator(_beside_the_file)]


class ReplayFaults(Document):
    """What goes wrong with the replayed camera on purpose. Numbers count the frames of a session from 0."""

    drop_frames: tuple[NonNegativeInt, ...] = ()
    """Frames that the sensor never delivers."""
    lose_packets: tuple[NonNegativeInt, ...] = ()
    """Frames that are delivered, but that the encoder swallows."""
    stall_after_frames: PositiveInt | None = None
    """The camera hangs for good after this many frames of a process's life."""


class PictureSettings(Document):
    """`[camera.picture]`: everything that decides how bright and how coloured a picture is. Fixed before the camera starts."""

    exposure_us: Annotated[int, Field(ge=100, le=33_000)] = 10_000
    """Multiples of the mains' half period (10 000 us at 50 Hz) do not flicker under mains light."""
    analogue_gain: Annotated[float, Field(ge=1.0, le=22.0)] = 2.0
    red_gain: Annotated[float, Field(gt=0, le=32)] = 2.0
    blue_gain: Annotated[float, Field(gt=0, le=32)] = 2.0
    sharpness: Annotated[float, Field(ge=0, le=16)] = 1.0
    noise_reduction: Literal["off", "fast"] = "fast"
    mains_hz: Literal[50, 60] = 50
    tuning_file: str = "imx477.json"
    """libcamera's own; adaptive contrast is switched off in the copy that is used."""


class SensorMode(Document):
    """`[camera.sensor]`: the sensor's mode, pinned: it decides the field of view."""

    width_px: PositiveInt = 2028
    height_px: PositiveInt = 1080
    bit_depth: Literal[8, 10, 12] = 12


class CameraSettings(Document):
    """`[camera]`: what is filmed, and how."""

    backend: Literal["picamera", "sim", "v4l2", "replay"] = "replay"
    """`sim` is the real picamera2 over a simulated libcamera, `replay` plays a video file without either."""
    source: Annotated[str, AfterValidator(_source_beside_the_file)] = PATTERN_SOURCE
    """For `replay` and `sim`: a video file, played in a loop, `sample` for the bundled one, or `pattern`."""
    device: str = "/dev/video0"
    """For `v4l2`: the camera's device file."""
    width_px: Annotated[int, Field(ge=16, le=4096, multiple_of=2)] = 1920
    height_px: Annotated[int, Field(ge=16, le=4096, multiple_of=2)] = 1080
    frame_rate: Annotated[float, Field(ge=1, le=120)] = 30.0
    bitrate_bps: Annotated[int, Field(ge=50_000, le=25_000_000)] = 8_000_000
    preview_rate_hz: Annotated[float, Field(ge=1, le=15)] = 5.0
    """Small frames a second, for preview, checks and face check."""
    paced: bool = True
    """For `replay`: real time; false records as fast as the machine can, with the sensor's clock running along."""
    picture: PictureSettings = PictureSettings()
    sensor: SensorMode = SensorMode()
    faults: ReplayFaults = ReplayFaults()


class RecordingSettings(Document):
    """`[recording]`: what the touchscreen offers, and when a recording has enough."""

    durations_min: Annotated[tuple[Annotated[float, Field(gt=0, le=1440)], ...], Field(min_length=1, max_length=6)] = (
        10.0,
        20.0,
        30.0,
        60.0,
    )
    default_duration_min: Annotated[float, Field(gt=0, le=1440)] = 30.0
    phases: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = ("baseline", "post")
    markers: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = ("noise", "touched chamber", "injection")
    goal: SufficiencyGoal = SufficiencyGoal()
    end_at_goal: bool = False


class FaceCheckSettings(Document):
    """`[face_check]`: how often the rig looks for the face, and with what."""

    enabled: bool = True
    build: str = "synthetic-2026.11"
    rate_hz: Annotated[float, Field(gt=0, le=2)] = 1.0
    threads: Annotated[int, Field(ge=1, le=4)] = 1


class PreflightSettings(Document):
    """`[preflight]`: limits of the checks before a recording."""

    darkest_mean: Annotated[float, Field(ge=0, le=255)] = 40.0
    brightest_mean: Annotated[float, Field(ge=0, le=255)] = 210.0
    clipped_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Over- or under-exposed pixels allowed."""
    flicker_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Beating of the mean brightness allowed, as a share of it."""
    sharpness_share: Annotated[float, Field(gt=0, le=1)] = 0.7
    """Least sharpness, as a share of this rig's reference picture."""
    framing_shift_px: Annotated[float, Field(gt=0)] = 8.0
    """Largest shift of the empty chamber against the reference, in pixels of the small picture."""
    hottest_c: Annotated[float, Field(gt=0, le=110)] = 75.0


class ScreenSettings(Document):
    """`[screen]`: the touchscreen's web server."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """0 takes a free one; the data folder's `screen.url` tells which."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"


class MqttSettings(Document):
    """`[mqtt]`: the broker that the lab watches its chambers on. Without this section nothing is sent."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = True
    ca_file: SettingsPath | None = None
    """The broker's certificate authority; None trusts the system's."""
    password_file: SettingsPath | None = None
    """Holds the password of the broker's account `rig_id` and nothing else."""
    allow_commands: bool = False
    """Whether start and stop are taken from the broker."""


class HubSettings(Document):
    """`[hub]`: where sessions are uploaded to. Without this section the rig records and keeps."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]
    token_file: SettingsPath
    """Holds the rig's token and nothing else; readable by the rig's user only."""


class UploadSettings(Document):
    """`[upload]`: how."""

    chunk_bytes: Annotated[int, Field(ge=1024, le=256 * 2**20)] = 4 * 2**20
    retry_cap_s: PositiveFloat = 60.0
    """The longest pause between two attempts while the hub cannot be reached."""
    cap_bytes_per_s: PositiveInt | None = None
    """No more than this is sent a second, over a minute's mean; None sends as fast as the network takes it."""
    while_recording_bytes_per_s: NonNegativeInt = 0
    """The cap while the camera records; 0 sends nothing then."""


class RetentionSettings(Document):
    """`[retention]`: when a session that the hub has confirmed may be deleted here."""

    keep_days: Annotated[float, Field(ge=0)] = 14.0
    min_free_bytes: NonNegativeInt = 10 * 2**30
    """Below this much free space, confirmed sessions go before their time."""


class RigSettings(Document):
    """The whole file."""

    rig_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,32}$")]
    data_folder: SettingsPath
    camera: CameraSettings = CameraSettings()
    recording: RecordingSettings = RecordingSettings()
    face_check: FaceCheckSettings = FaceCheckSettings()
    preflight: PreflightSettings = PreflightSettings()
    screen: ScreenSettings = ScreenSettings()
    mqtt: MqttSettings | None = None
    hub: HubSettings | None = None
    upload: UploadSettings = UploadSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def sessions_folder(self) -> Path:
        """One folder per session, named by its id; sealed when it holds a `session.json`."""
        return self.data_folder / "sessions"


BUILT_IN_SETTINGS = 'rig_id = "rig-1"\ndata_folder = "grimace-data"\n'
"""For a try without a settings file: `grimace-rig run --camera sim`."""


def load_settings(path: Path, camera: str | None = None) -> RigSettings:
    """Read and check the settings; raises GrimaceError(E_SETTINGS) that names the file, the line and the mistake.

    `camera` is a backend that is used instead of the one in the settings; then the file need not be there.
    """
    return parse_settings(read_settings_text(path, camera), path, camera)


def read_settings_text(path: Path, camera: str | None = None) -> str:
    """What stands in the file, or the built-in settings in place of none; raises GrimaceError(E_SETTINGS)."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if camera is not None and _is_missing(error):
            return BUILT_IN_SETTINGS
        hint = "; name the file with --config, or add --camera sim to try without one" if _is_missing(error) else ""
        raise GrimaceError(SETTINGS_INVALID, f"{path}: {error}{hint}") from error


def _is_missing(error: Exception) -> bool:
    return isinstance(error, FileNotFoundError)


def parse_settings(text: str, path: Path, camera: str | None = None) -> RigSettings:
    """Check what stands, or is to stand, in the file at `path`; raises GrimaceError(E_SETTINGS)."""
    try:
        content = tomllib.loads(text)
        if camera is not None:
            asked = content.setdefault("camera", {})
            asked.setdefault("source", SAMPLE_SOURCE)
            asked["backend"] = camera
        return RigSettings.model_validate(content, context={_FOLDER: path.absolute().parent})
    except tomllib.TOMLDecodeError as error:
        raise GrimaceError(SETTINGS_INVALID, f"{path}: {error}") from error
    except ValidationError as error:
        raise GrimaceError(SETTINGS_INVALID, f"{path}: {mistakes_in(text, error, RigSettings)}") from error
