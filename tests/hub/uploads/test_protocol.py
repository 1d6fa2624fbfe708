"""The headers of tus 1.0, as text."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.uploads import protocol
from hub.uploads.protocol import Checksum, Target
from shared.faults import NOT_VALID, GrimaceError

SESSION = "0a1b2c3d-0000-4000-8000-000000000001"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_metadata_name_the_announced_file():
    header = f"session {encoded(SESSION)},filename {encoded('part-1.mp4')}, sha256 {encoded('ab' * 32)}"
    assert protocol.target(header) == Target(SESSION, "part-1.mp4", "ab" * 32)


def test_other_keys_are_kept_aside_and_values_may_be_missing():
    assert protocol.metadata(f"filetype {encoded('video/mp4')},is_confidential") == {
        "filetype": "video/mp4",
        "is_confidential": "",
    }


@given(st.dictionaries(st.text("abcdefghijklmnop_-", min_size=1, max_size=10), st.text(max_size=20), max_size=8))
def test_metadata_survive_the_way_there(pairs):
    assert protocol.metadata(",".join(f"{key} {encoded(value)}" for key, value in pairs.items())) == pairs


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"session {encoded(SESSION)}",
        f"session {encoded(SESSION)},filename ",
        f"session {encoded(SESSION)},filename not-base64!",
        f"session {encoded(SESSION)},filename {encoded('a')},filename {encoded('b')}",
        f"session {encoded(SESSION)},filename {base64.b64encode(bytes([255])).decode()}",
        f"session {encoded(SESSION)},filename {encoded('a' * 2000)}",
    ],
)
def test_metadata_that_do_not_name_a_file_are_refused(header):
    with pytest.raises(GrimaceError) as refused:
        protocol.target(header)
    assert refused.value.fault is NOT_VALID


def test_a_checksum_is_an_algorithm_and_a_digest():
    # sha1 of "hello world", from the protocol's own example.
    assert protocol.checksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=") == Checksum(
        "sha1", bytes.fromhex("2aae6c35c94fcfb415dbe95f408b9ce91ee846ed")
    )


@pytest.mark.parametrize("header", ["", "sha1", "crc32 AAAA", "sha1 !!!", "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0="])
def test_a_checksum_that_cannot_be_checked_is_refused(header):
    with pytest.raises(GrimaceError) as refused:
        protocol.checksum(header)
    assert refused.value.fault is NOT_VALID


@pytest.mark.parametrize("header", [None, "", "-1", "1.5", "0x10", "1e3", "9" * 30, "١"])
def test_lengths_are_plain_numbers(header):
    with pytest.raises(GrimaceError, match="Upload-Length"):
        protocol.number(header, "Upload-Length")
