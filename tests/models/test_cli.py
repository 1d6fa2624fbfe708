"""`grimace-models`, as a person uses it."""

import importlib.util
import shutil
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

import models.cli
from models.cli import app
from models.synthetic.labels import StillLabels
from shared.bundled import bundled_builds_folder

NAME = "synthetic-2026.11"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of builds of its own, with a copy of the bundled one, which a test may change."""
    shutil.copytree(bundled_builds_folder() / NAME, tmp_path / NAME)
    monkeypatch.setattr("shared.builds.bundled_builds_folder", lambda: tmp_path)
    monkeypatch.setattr(models.cli, "bundled_builds_folder", lambda: tmp_path)
    return tmp_path / NAME


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_list_names_the_build_its_animals_and_that_it_is_a_placeholder():
    result = run("list")
    assert result.exit_code == 0
    for text in (NAME, "c57bl/6", "yes"):
        assert text in result.stdout


def test_verify_passes_the_bundled_builds():
    result = run("verify")
    assert result.exit_code == 0
    assert NAME in result.stdout


def test_verify_with_nothing_to_verify_does_not_pass(installed):
    shutil.rmtree(installed)
    result = run("verify")
    assert result.exit_code == 1
    assert "no build is installed" in result.stderr


def test_verify_refuses_a_changed_build_with_its_code_and_the_file(installed):
    network = installed / "nose.onnx"
    network.write_bytes(network.read_bytes()[:-1])
    result = run("verify", NAME)
    assert result.exit_code == 1
    for text in ("E_BUILD_CHANGED", NAME, "nose.onnx"):
        assert text in result.stderr


def test_list_says_which_build_is_changed(installed):
    (installed / "nose.onnx").unlink()
    assert "E_BUILD_CHANGED" in run("list").stderr


def test_verify_names_an_unknown_build():
    result = run("verify", "lab-2027.01")
    assert result.exit_code == 1
    assert "E_BUILD_UNKNOWN" in result.stderr


def test_render_writes_pictures_with_labels_beside_them(tmp_path):
    result = run("render", "--count", "1", "--seed", "4", "--out", str(tmp_path / "stills"))
    assert result.exit_code == 0, result.output
    picture = tmp_path / "stills" / "still-00000004.png"
    assert cv2.imread(str(picture)).shape == (1080, 1920, 3)
    labels = StillLabels.read(picture.with_suffix(".json"))
    assert labels.synthetic
    assert labels.seed == 4
    assert labels.boxes


def test_training_without_torch_says_what_to_install(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else found(name, *rest))
    result = run("train-scorers", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "torch" in result.stderr
    assert "[train]" in result.stderr
