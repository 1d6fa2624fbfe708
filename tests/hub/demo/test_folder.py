"""The demonstration's folder: refused in one line when it is taken or cannot be written to."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.demo.command import app
from hub.demo.folder import FolderUnusable, own_folder


def test_a_second_demonstration_leaves_the_folder_of_the_first_alone(tmp_path):
    with own_folder(tmp_path):
        before = sorted(tmp_path.iterdir())
        refused = CliRunner().invoke(app, ["--dir", str(tmp_path), "--once"])
        assert sorted(tmp_path.iterdir()) == before
    assert refused.exit_code == 2
    assert "another demonstration" in refused.output


def test_the_folder_is_free_again_when_its_demonstration_has_ended(tmp_path):
    for _ in range(2):
        with own_folder(tmp_path / "demo"):
            pass


@pytest.mark.parametrize("folder", [Path("/proc/demo"), Path(__file__), Path(__file__) / "demo"])
def test_a_folder_that_cannot_be_made_is_named(folder):
    with pytest.raises(FolderUnusable, match=str(folder)), own_folder(folder):
        pass
