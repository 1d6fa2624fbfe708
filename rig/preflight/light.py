"""Is the chamber lit as it should be: bright enough, and nowhere so bright or so dark that the picture is lost?"""

from __future__ import annotations

from rig.luma import Luma, mean_light, over_exposed_share, under_exposed_share
from rig.preflight.pictures import still_picture
from rig.preflight.report import CheckName, CheckResult, not_checked, passing, warning
from rig.preflight.subject import Subject
from rig.settings import PreflightSettings
from shared.faults import LIGHT_WRONG


def check(subject: Subject) -> CheckResult:
    if not subject.pictures:
        return not_checked(CheckName.LIGHT, "There is no picture to measure.")
    return judge(still_picture(subject.pictures), subject.settings.preflight)


def judge(luma: Luma, limits: PreflightSettings) -> CheckResult:
    light, over, under = mean_light(luma), over_exposed_share(luma), under_exposed_share(luma)
    measured = f"mean brightness {light:.0f} of 255, {over:.1%} over-exposed, {under:.1%} under-exposed"
    if light < limits.darkest_mean:
        return warning(CheckName.LIGHT, LIGHT_WRONG, f"Too dark: {measured}; at least {limits.darkest_mean:g} is asked.")
    if light > limits.brightest_mean:
        return warning(CheckName.LIGHT, LIGHT_WRONG, f"Too bright: {measured}; at most {limits.brightest_mean:g} is allowed.")
    if over + under > limits.clipped_share:
        return warning(
            CheckName.LIGHT, LIGHT_WRONG, f"Parts of the picture are lost: {measured}; {limits.clipped_share:.1%} is allowed."
        )
    return passing(CheckName.LIGHT, measured[0].upper() + measured[1:] + ".")
