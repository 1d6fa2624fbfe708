"""Documents that cross a process boundary."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from shared.documents import Document, FileName, UtcTime


class Note(Document):
    at: UtcTime
    file: FileName = "a.txt"


def test_a_document_is_read_back_as_it_was_written(tmp_path):
    note = Note(at=datetime(2026, 5, 4, tzinfo=UTC))
    note.write(tmp_path / "note.json")
    assert Note.read(tmp_path / "note.json") == note


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="timezone"):
        Note(at=datetime(2026, 5, 4))  # noqa: DTZ001 - that is the point


def test_a_time_of_another_zone_is_kept_in_utc():
    berlin = timezone(timedelta(hours=2))
    assert Note(at=datetime(2026, 5, 4, 12, tzinfo=berlin)).at.hour == 10


@pytest.mark.parametrize("name", ["../etc/passwd", "a/b", "", ".hidden", "a\x00b"])
def test_a_file_name_cannot_leave_its_folder(name):
    with pytest.raises(ValidationError):
        Note(at=datetime(2026, 5, 4, tzinfo=UTC), file=name)


def test_an_unknown_key_is_refused_by_name():
    with pytest.raises(ValidationError, match="colour"):
        Note.model_validate({"at": "2026-05-04T00:00:00Z", "colour": "blue"})
