"""tus 1.0 as text: what the hub offers, and the headers that carry lengths, metadata, checksums and dates.

Words in brackets are sections of the tus resumable upload protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from shared.api import METADATA_FILE_NAME, METADATA_SESSION, METADATA_SHA256
from shared.faults import NOT_VALID, GrimaceError

EXTENSIONS = ("creation", "creation-with-upload", "checksum", "expiration", "termination")
CHECKSUM_ALGORITHMS = ("sha1", "sha256")  # [Checksum] asks for sha1 at least
CONTENT_TYPE = "application/offset+octet-stream"  # [PATCH]
METADATA_LIMIT = 2000
"""Characters of Upload-Metadata that are kept and given back; ours needs about 200."""

NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Target:
    """The announced file that an upload is for."""

    session_uid: str
    file_name: str
    sha256: str | None


@dataclass(frozen=True)
class Checksum:
    """What one request's body must hash to."""

    algorithm: str
    digest: bytes


def number(header: str | None, name: str) -> int:
    """The value of a length or offset header; raises E_NOT_VALID when it is missing or no number."""
    if header is None or not NUMBER.fullmatch(header.strip()):
        raise GrimaceError(NOT_VALID, f"{name}: a whole number of bytes is needed, not {header!r}")
    return int(header)


def metadata(header: str) -> dict[str, str]:
    """The pairs of an Upload-Metadata header [Creation]: comma-separated `key base64(value)`; raises E_NOT_VALID."""
    if len(header) > METADATA_LIMIT:
        raise GrimaceError(NOT_VALID, f"Upload-Metadata: {len(header)} characters, at most {METADATA_LIMIT} are kept")
    pairs: dict[str, str] = {}
    for pair in filter(None, map(str.strip, header.split(","))):
        key, _, value = pair.partition(" ")
        if key in pairs:
            raise GrimaceError(NOT_VALID, f"Upload-Metadata: {key} appears twice")
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise GrimaceError(NOT_VALID, f"Upload-Metadata: {key}: {error}") from error
    return pairs


def target(header: str) -> Target:
    """Which file the upload is for, from its Upload-Metadata; raises E_NOT_VALID when the metadata do not say."""
    pairs = metadata(header)
    missing = [key for key in (METADATA_SESSION, METADATA_FILE_NAME) if not pairs.get(key)]
    if missing:
        raise GrimaceError(NOT_VALID, f"Upload-Metadata: {', '.join(missing)} is missing")
    return Target(pairs[METADATA_SESSION], pairs[METADATA_FILE_NAME], pairs.get(METADATA_SHA256))


def checksum(header: str) -> Checksum:
    """What an Upload-Checksum header asks for [Checksum]: `algorithm base64(digest)`; raises E_NOT_VALID."""
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise GrimaceError(NOT_VALID, f"Upload-Checksum: {algorithm!r} is none of {', '.join(CHECKSUM_ALGORITHMS)}")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise GrimaceError(NOT_VALID, f"Upload-Checksum: {error}") from error
    if len(digest) != hashlib.new(algorithm).digest_size:
        raise GrimaceError(NOT_VALID, f"Upload-Checksum: {len(digest)} bytes are no {algorithm}")
    return Checksum(algorithm, digest)


def expires(moment: datetime) -> str:
    """The value of Upload-Expires [Expiration]: a date as HTTP writes it (RFC 9110, 5.6.7); `moment` is in UTC."""
    return format_datetime(moment, usegmt=True)
