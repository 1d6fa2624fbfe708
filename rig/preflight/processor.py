"""Is the processor cool, at full speed and well supplied? One that is slowed down loses frames."""

from __future__ import annotations

from rig.preflight.report import CheckName, CheckResult, not_checked, passing, warning
from rig.preflight.subject import Subject
from rig.processor import ProcessorReading, read_processor
from shared.faults import PROCESSOR_HOT


def check(subject: Subject) -> CheckResult:
    return judge(read_processor(subject.machine_root), subject.settings.preflight.hottest_c)


def judge(reading: ProcessorReading, hottest_c: float) -> CheckResult:
    """What was at some time since the boot is told, but only what is now warns: it would stay until the next boot."""
    temperature = "unknown temperature" if reading.temperature_c is None else f"{reading.temperature_c:.0f} °C"
    if reading.throttled_now:
        return warning(
            CheckName.PROCESSOR, PROCESSOR_HOT, f"The processor reports {', '.join(reading.throttled_now)} ({temperature})."
        )
    if reading.temperature_c is not None and reading.temperature_c > hottest_c:
        return warning(CheckName.PROCESSOR, PROCESSOR_HOT, f"The processor has {temperature}; {hottest_c:g} °C is allowed.")
    if reading.temperature_c is None and reading.throttled_now is None:
        return not_checked(CheckName.PROCESSOR, "This machine tells neither its temperature nor whether it is slowed down.")
    speed = "does not tell whether it is slowed down" if reading.throttled_now is None else "is not slowed down"
    earlier = f"; since the boot there was {', '.join(reading.throttled_since_boot)}" if reading.throttled_since_boot else ""
    return passing(CheckName.PROCESSOR, f"The processor has {temperature} and {speed}{earlier}.")
