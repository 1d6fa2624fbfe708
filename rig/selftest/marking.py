"""How a self-test's session is told from an animal's."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from shared.manifest import MANIFEST_NAME, SessionManifest

SELF_TEST_STUDY = "grimace-rig selftest"
"""The study of a self-test: a name that nobody gives a study of animals, for the outbox leaves its sessions alone."""


def is_self_test(folder: Path) -> bool:
    """Whether this is the folder of a sealed self-test; one that cannot be read is not."""
    try:
        return SessionManifest.read(folder / MANIFEST_NAME).study.study == SELF_TEST_STUDY
    except (OSError, ValidationError):
        return False
