"""Documents: the pydantic models that are written to disk or sent, each with its schema version."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.durable import replacing


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # on the calendar's first or last day
        raise ValueError("a moment that no calendar has in UTC") from error


UtcTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment with a time zone, kept in UTC; a naive one is refused."""

ByteCount = Annotated[int, Field(ge=0, lt=2**63)]
"""A size of something on a disk; no file system has larger ones, and no database keeps them."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""A plain name without folders: safe to join to a directory."""


class Document(BaseModel):
    """Base of everything that crosses a process boundary: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and validate; raises OSError or pydantic's ValidationError, which names the field."""
        return cls.model_validate_json(path.read_bytes())

    def write(self, path: Path) -> None:
        """Write durably: after the call the file has either the old content or all of the new one."""
        with replacing(path) as file:
            file.write(self.model_dump_json(indent=2).encode() + b"\n")


class BuildReference(Document):
    """A model build that had a part in the session or the analysis."""

    name: str
    sha256: Sha256
