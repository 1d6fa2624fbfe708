"""Is the face check's model build there, and is every file of it what its manifest says?"""

from __future__ import annotations

from rig.preflight.report import CheckName, CheckResult, not_checked, passing, warning
from rig.preflight.subject import Subject
from shared.builds import open_build
from shared.faults import GrimaceError


def check(subject: Subject) -> CheckResult:
    asked = subject.settings.face_check
    if not asked.enabled:
        return not_checked(CheckName.FACE_BUILD, "The face check is switched off in the settings.")
    try:
        build = open_build(asked.build, subject.builds_folder)
    except GrimaceError as error:  # a recording is worth as much without the live check: the hub scores it with its own build
        return warning(CheckName.FACE_BUILD, error.fault, f"{error.fault.text}: {error.detail}.")
    return passing(CheckName.FACE_BUILD, f"Build {build.name} ({build.sha256[:12]}) has the files that its manifest names.")
