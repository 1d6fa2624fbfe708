"""The rig's settings: one TOML file, every key checked, and a mistake named with its line.

`rig/grimace-rig.toml` is the documented sample. Paths in the file are relative to the folder that it lies in.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError, ValidationInfo

from shared.documents import Document
from shared.faults import SETTINGS_INVALID, GrimaceError

PATTERN_SOURCE = "pattern"
"""Source of the replay camera that needs no file: a generated scene whose frames carry their number."""

_FOLDER = "folder"


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get(_FOLDER, Path())
    return (folder / path.expanduser()).absolute()


def _source_beside_the_file(source: str, info: ValidationInfo) -> str:
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


class CameraSettings(Document):
    """`[camera]`: what is filmed, and how."""

    backend: Literal["replay"] = "replay"
    source: Annotated[str, AfterValidator(_source_beside_the_file)] = PATTERN_SOURCE
    """A video file, played in a loop, or `pattern`."""
    width_px: Annotated[int, Field(ge=16, le=4096, multiple_of=2)] = 1920
    height_px: Annotated[int, Field(ge=16, le=4096, multiple_of=2)] = 1080
    frame_rate: Annotated[float, Field(ge=1, le=120)] = 30.0
    bitrate_bps: Annotated[int, Field(ge=50_000, le=25_000_000)] = 8_000_000
    paced: bool = True
    """Real time; false records as fast as the machine can, with the sensor's clock running along."""
    faults: ReplayFaults = ReplayFaults()


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
    hub: HubSettings | None = None
    upload: UploadSettings = UploadSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def sessions_folder(self) -> Path:
        """One folder per session, named by its id; sealed when it holds a `session.json`."""
        return self.data_folder / "sessions"


def load_settings(path: Path) -> RigSettings:
    """Read and check the settings; raises GrimaceError(E_SETTINGS) that names the file, the line and the mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GrimaceError(SETTINGS_INVALID, f"{path}: {error}") from error
    try:
        return RigSettings.model_validate(tomllib.loads(text), context={_FOLDER: path.absolute().parent})
    except tomllib.TOMLDecodeError as error:
        raise GrimaceError(SETTINGS_INVALID, f"{path}: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(_mistake(text, found["loc"], found["msg"]) for found in error.errors())
        raise GrimaceError(SETTINGS_INVALID, f"{path}: {mistakes}") from error


def _mistake(text: str, location: tuple[int | str, ...], message: str) -> str:
    names = [str(part) for part in location if isinstance(part, str)]
    number = _line_of(text, names)
    return (f"line {number}: " if number else "") + f"{'.'.join(names)}: {message}"


def _line_of(text: str, names: list[str]) -> int | None:
    """The line on which the key with this dotted path stands, as far as a plain `[section]` and `key = value` layout tells."""
    section: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = [part.strip().strip("\"'") for part in header[1].split(".")]
            if section == names:
                return number
        elif (assignment := re.match(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=", line)) and [*section, assignment[1]] == names:
            return number
    return None
