"""Builds: versioned sets of model files. A build is a folder with a `build.toml` that names every file and its SHA-256.

A build whose files do not hash to what its manifest says is refused by name: a score must be traceable to exact weights.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, model_validator

from shared.bundled import bundled_builds_folder
from shared.detections import Part
from shared.documents import BuildReference, Document, FileName, Sha256
from shared.faults import BUILD_CHANGED, BUILD_INVALID, BUILD_UNKNOWN, GrimaceError
from shared.grimace import Fau, subject_type
from shared.hashing import sha256_of_file

BUILD_MANIFEST_NAME = "build.toml"

Threshold = Annotated[float, Field(ge=0, le=1)]
Triple = tuple[float, float, float]


class NetworkFile(Document):
    """An ONNX file and what its input expects: RGB, `(pixel - mean) / std` with pixels from 0 to 255, NCHW float32."""

    file: FileName
    sha256: Sha256
    input_width_px: PositiveInt
    input_height_px: PositiveInt
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)


class DetectorFile(NetworkFile):
    """Input `image` (B,3,H,W), letterboxed at the top left.

    Output `boxes` (B,N,6): x1, y1, x2, y2 in input pixels, confidence, index into `classes`.
    """

    classes: tuple[Part, ...]
    thresholds: dict[Part, Threshold]

    @model_validator(mode="after")
    def _every_class_has_a_threshold(self) -> Self:
        missing = [part.value for part in self.classes if part not in self.thresholds]
        if missing:
            raise ValueError(f"no threshold for {', '.join(missing)}")
        return self


class ScorerFile(NetworkFile):
    """Input `crop` (B,3,H,W), stretched to size. Output `probabilities` (B,K): one per score in `scores`."""

    scores: tuple[int, ...]
    crop_margin: float = 0.1
    """Share of the box's size that the crop adds on each side."""


class BuildManifest(Document):
    """The content of `build.toml`."""

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{2,60}$")]
    created: str
    subject_types: Annotated[tuple[str, ...], Field(min_length=1)]
    placeholder: bool
    statement: str
    licence: str
    detector: DetectorFile
    scorers: dict[Fau, ScorerFile] = {}

    @model_validator(mode="after")
    def _scores_are_on_the_scale(self) -> Self:
        for name in self.subject_types:
            subject = subject_type(name)
            for fau, scorer in self.scorers.items():
                for score in scorer.scores:
                    subject.check({fau: score})
        return self


@dataclass(frozen=True)
class Build:
    """A build whose files were read and have the hashes of its manifest."""

    folder: Path
    manifest: BuildManifest
    sha256: str
    """SHA-256 of `build.toml`; since that names every file's hash, it stands for the whole build."""

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def reference(self) -> BuildReference:
        return BuildReference(name=self.name, sha256=self.sha256)

    def path_of(self, network: NetworkFile) -> Path:
        return self.folder / network.file


def builds_in(folder: Path) -> Mapping[str, Path]:
    """The builds that lie directly in `folder`, by name."""
    return {path.parent.name: path.parent for path in sorted(folder.glob(f"*/{BUILD_MANIFEST_NAME}"))}


def open_build(name: str, builds_folder: Path | None = None) -> Build:
    """Find a build by its name and verify it; raises GrimaceError with E_BUILD_UNKNOWN, E_BUILD_INVALID or E_BUILD_CHANGED."""
    known = builds_in(builds_folder or bundled_builds_folder())
    if name not in known:
        raise GrimaceError(BUILD_UNKNOWN, f"{name}; installed: {', '.join(sorted(known)) or 'none'}")
    return verify_build(known[name])


def verify_build(folder: Path) -> Build:
    """Read a build's manifest and hash every file it names; raises GrimaceError with E_BUILD_INVALID or E_BUILD_CHANGED."""
    manifest = read_manifest(folder)
    for network in (manifest.detector, *manifest.scorers.values()):
        _verify_file(manifest.name, folder / network.file, network.sha256)
    return Build(folder, manifest, sha256_of_file(folder / BUILD_MANIFEST_NAME))


def read_manifest(folder: Path) -> BuildManifest:
    """What a build says of itself, without hashing its files; raises GrimaceError with E_BUILD_INVALID."""
    try:
        manifest = BuildManifest.model_validate(tomllib.loads((folder / BUILD_MANIFEST_NAME).read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise GrimaceError(BUILD_INVALID, f"{folder.name}: {error}") from error
    if manifest.name != folder.name:
        raise GrimaceError(BUILD_INVALID, f"{folder.name}: its manifest says it is {manifest.name}")
    return manifest


def _verify_file(build: str, path: Path, expected: str) -> None:
    try:
        found = sha256_of_file(path)
    except OSError as error:
        raise GrimaceError(BUILD_CHANGED, f"{build}: {path.name}: {error.strerror}") from error
    if found != expected:
        raise GrimaceError(BUILD_CHANGED, f"{build}: {path.name} is {found[:12]}…, not {expected[:12]}…")
