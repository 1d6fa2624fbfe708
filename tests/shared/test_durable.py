"""What a reader may rely on when the writer fails."""

import pytest

from shared.durable import PART_SUFFIX, replacing


def test_a_finished_file_replaces_the_old_one(tmp_path):
    manifest = tmp_path / "session.json"
    manifest.write_bytes(b"old")
    with replacing(manifest) as file:
        file.write(b"new")
    assert manifest.read_bytes() == b"new"


def test_a_failed_write_leaves_the_old_content_and_no_debris(tmp_path):
    manifest = tmp_path / "session.json"
    manifest.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left"), replacing(manifest) as file:
        file.write(b"half of the n")
        raise OSError(28, "No space left on device")
    assert manifest.read_bytes() == b"old"
    assert not list(tmp_path.glob(f"*{PART_SUFFIX}"))


def test_a_reader_never_sees_the_name_before_the_content_is_whole(tmp_path):
    manifest = tmp_path / "session.json"
    with replacing(manifest) as file:
        file.write(b"not yet")
        assert not manifest.exists()
    assert manifest.exists()
