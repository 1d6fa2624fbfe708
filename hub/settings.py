"""The hub's settings: a TOML file, overridden by environment variables `GRIMACE_HUB_…`. The sample is `hub/grimace-hub.toml`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

SETTINGS_VARIABLE = "GRIMACE_HUB_SETTINGS"
"""Environment variable that names the TOML file."""

MEBIBYTE = 1024 * 1024


class SettingsError(ValueError):
    """Settings that cannot be used; the message names the file or variable, the key and what is wrong with it."""


class HubSettings(BaseSettings):
    """Everything that can be set; the defaults run a whole hub in one process with nothing else installed."""

    model_config = SettingsConfigDict(env_prefix="GRIMACE_HUB_", extra="forbid", frozen=True)

    data_folder: Path = Path("hub-data")
    """Holds uploads, sessions, results and, by default, the database. Must be on a local disk."""
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in the data folder. PostgreSQL: `postgresql+psycopg://user:password@host/name`."""
    broker_url: str = "memory://"
    """Celery's broker: `memory://` rings inside this process only, `amqp://user:password@host//` rings everywhere."""
    embedded_worker: bool = True
    """Whether this process also scores."""
    worker_threads: PositiveInt = 1
    """Inference threads of the embedded worker."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8470
    public_url: str = ""
    """How browsers reach the hub, for links; empty means http://host:port."""

    default_build: str = ""
    """Build of analyses that name none; empty means the newest one installed."""
    builds_folder: Path | None = None
    """Where builds lie; None means those that come with the software."""
    analyse_at_rate: float = Field(default=1.0, ge=0, le=1000)
    """Sampling rate (frames/s) of the analysis that every stored session gets by itself; 0 starts none."""

    upload_limit_bytes: PositiveInt = 64 * 1024 * MEBIBYTE
    upload_checkpoint_bytes: PositiveInt = 32 * MEBIBYTE
    """How much an upload receives between two syncs to disk; also what a crash can cost it."""
    upload_expires_s: PositiveFloat = 14 * 24 * 3600.0
    """An upload that receives nothing for this long is removed."""
    upload_stall_s: PositiveFloat = 60.0
    """A connection that sends nothing for this long is closed; the upload stays resumable."""
    free_bytes_reserve: NonNegativeInt = 512 * MEBIBYTE
    """Uploads are refused (and can be resumed later) when less than this is free on the data folder's disk."""

    lease_s: PositiveFloat = 60.0
    """A worker that does not report for this long loses its analysis."""
    reconcile_s: PositiveFloat = 5.0
    """Time between two looks for analyses whose worker is gone or whose doorbell was not heard."""
    ring_again_s: PositiveFloat = 30.0
    attempts: PositiveInt = 3
    """How often an analysis is tried before it is called failed."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file named by GRIMACE_HUB_SETTINGS."""
        named = os.environ.get(SETTINGS_VARIABLE)
        file = (TomlConfigSettingsSource(settings_cls, Path(named)),) if named else ()
        return (init_settings, env_settings, *file)

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_folder.resolve() / 'hub.sqlite'}"

    @property
    def url(self) -> str:
        """How browsers reach the hub."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def read_settings() -> HubSettings:
    """The settings of this process; raises SettingsError for a named file that is not there and for unusable values."""
    named = os.environ.get(SETTINGS_VARIABLE)
    if named and not Path(named).is_file():
        raise SettingsError(f"{SETTINGS_VARIABLE} names {named}, which is not a file")
    try:
        return HubSettings()
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        source = f" or in {named}" if named else ""
        raise SettingsError(f"in GRIMACE_HUB_… variables{source}: {_named_mistakes(error)}") from error


def _named_mistakes(error: ValidationError | tomllib.TOMLDecodeError) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors())
