"""Builds: a score must be traceable to exact weights, so a build that is not what its manifest says is refused by name."""

from pathlib import Path

import pytest

from shared.builds import builds_in, open_build, verify_build
from shared.bundled import bundled_builds_folder
from shared.faults import BUILD_CHANGED, BUILD_INVALID, BUILD_UNKNOWN, GrimaceError
from shared.grimace import Fau
from shared.hashing import sha256_of_file

MANIFEST = """
schema_version = 1
name = "lab-2026.01"
created = "2026-01-01"
subject_types = ["c57bl/6"]
placeholder = false
statement = "For this test only."
licence = "Apache-2.0"

[detector]
file = "detector.onnx"
sha256 = "{detector}"
input_width_px = 416
input_height_px = 256
classes = ["face", "nose"]
thresholds = {{ face = 0.4, nose = 0.5 }}

[scorers.nose]
file = "nose.onnx"
sha256 = "{nose}"
input_width_px = 48
input_height_px = 64
scores = {scores}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "lab-2026.01"
    folder.mkdir()
    (folder / "detector.onnx").write_bytes(b"the detector's weights")
    (folder / "nose.onnx").write_bytes(b"the nose scorer's weights")
    write_manifest(folder)
    return folder


def write_manifest(folder: Path, scores: str = "[0, 2]", change: tuple[str, str] = ("", "")) -> None:
    hashes = {name: sha256_of_file(folder / f"{name}.onnx") for name in ("detector", "nose")}
    text = MANIFEST.format(scores=scores, **hashes).replace(*change)
    (folder / "build.toml").write_text(text)


def refused(folder: Path) -> GrimaceError:
    with pytest.raises(GrimaceError) as caught:
        verify_build(folder)
    return caught.value


def test_a_build_whose_files_are_as_its_manifest_says_opens(folder):
    build = open_build("lab-2026.01", folder.parent)
    assert build.reference.name == "lab-2026.01"
    assert build.reference.sha256 == sha256_of_file(folder / "build.toml")
    assert build.path_of(build.manifest.scorers[Fau.NOSE]) == folder / "nose.onnx"


@pytest.mark.parametrize("file", ["detector.onnx", "nose.onnx"])
def test_a_build_with_one_changed_byte_is_refused_by_its_name_and_code(folder, file):
    changed = bytearray((folder / file).read_bytes())
    changed[0] ^= 1
    (folder / file).write_bytes(changed)
    error = refused(folder)
    assert error.fault is BUILD_CHANGED
    assert "lab-2026.01" in str(error)
    assert file in str(error)


def test_a_build_with_a_missing_file_is_refused_by_that_file(folder):
    (folder / "nose.onnx").unlink()
    error = refused(folder)
    assert error.fault is BUILD_CHANGED
    assert "nose.onnx" in error.detail


def test_an_unknown_build_is_named_with_those_that_are_installed(folder):
    with pytest.raises(GrimaceError) as caught:
        open_build("lab-2027.01", folder.parent)
    assert caught.value.fault is BUILD_UNKNOWN
    assert "lab-2027.01" in caught.value.detail
    assert "lab-2026.01" in caught.value.detail


@pytest.mark.parametrize(
    "change",
    [
        ("[detector]", "[detector"),
        ('name = "lab-2026.01"', 'name = "lab-2026.02"'),
        ("nose = 0.5", "ears = 0.5"),
        ("face = 0.4", "face = 1.4"),
        ('file = "nose.onnx"', 'file = "../nose.onnx"'),
        ("c57bl/6", "unicorn"),
    ],
    ids=["not TOML", "another build's name", "a class without threshold", "a threshold above 1", "a path", "an unknown animal"],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(folder, change):
    write_manifest(folder, change=change)
    error = refused(folder)
    assert error.fault is BUILD_INVALID
    assert "lab-2026.01" in error.detail


def test_a_scorer_may_only_give_scores_of_the_animals_scale(folder):
    write_manifest(folder, scores="[0, 1, 2]")
    error = refused(folder)
    assert error.fault is BUILD_INVALID
    assert "cannot be 1" in error.detail


def test_every_bundled_build_is_sound():
    builds = builds_in(bundled_builds_folder())
    assert builds
    for folder in builds.values():
        verify_build(folder)


def test_the_bundled_build_says_that_its_scores_are_placeholders():
    manifest = open_build("synthetic-2026.11").manifest
    assert manifest.placeholder
    assert "must not be used for science, welfare or dosing decisions" in manifest.statement
