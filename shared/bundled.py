"""Files that come with the software but belong to the `models` package, which is found here and never imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from shared.faults import BUILD_UNKNOWN, GrimaceError


def bundled_builds_folder() -> Path:
    """Where the bundled builds lie; raises GrimaceError(E_BUILD_UNKNOWN) when `models` is not installed."""
    return _models_folder() / "builds"


def sample_clip() -> Path:
    """The bundled clip of a computer-generated mouse (`models/sample/README.md`); raises as `bundled_builds_folder`."""
    return _models_folder() / "sample" / "chamber-short.mp4"


def _models_folder() -> Path:
    spec = importlib.util.find_spec("models")
    if spec is None or spec.submodule_search_locations is None:
        raise GrimaceError(BUILD_UNKNOWN, "the package 'models' is not installed")
    return Path(next(iter(spec.submodule_search_locations)))
