"""What a folder lies on: the kernel's list of mounts says whether that is a disk, memory, or another machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("proc/self/mountinfo")

MEMORY_KINDS = frozenset({"tmpfs", "ramfs", "overlay", "aufs"})
"""A Raspberry Pi's read-only root is an overlay whose upper layer is memory, and may cover every partition."""

MEMORY_DEVICES = ("/dev/ram", "/dev/zram")


@dataclass(frozen=True)
class Mount:
    """A mounted file system: where, of which kind, and from what device."""

    point: Path
    kind: str
    device: str

    @property
    def is_memory(self) -> bool:
        """Whether what is written here is gone after a power cut."""
        return self.kind in MEMORY_KINDS or self.device.startswith(MEMORY_DEVICES)

    @property
    def is_disk(self) -> bool:
        return self.device.startswith("/dev/") and not self.is_memory


def mount_of(folder: Path, machine_root: Path = Path("/")) -> Mount | None:
    """The file system that an absolute path without links lies on; None where the machine does not tell. Raises OSError."""
    above = [
        mount for mount in _mounts((machine_root / MOUNTS).read_text(encoding="utf-8")) if folder.is_relative_to(mount.point)
    ]
    deepest = max((len(mount.point.parts) for mount in above), default=0)
    # Of several on one point, the one mounted last covers the others.
    return next((mount for mount in reversed(above) if len(mount.point.parts) == deepest), None)


def _mounts(content: str) -> Iterator[Mount]:
    """The lines of `/proc/self/mountinfo` (proc(5)): after a variable number of fields, " - " and the kind and device."""
    for line in content.splitlines():
        first, _, second = line.partition(" - ")
        before, after = first.split(" "), second.split(" ")
        if len(before) > 4 and len(after) > 1:
            yield Mount(Path(_unescaped(before[4])), after[0], _unescaped(after[1]))


def _unescaped(field: str) -> str:
    """Blanks and backslashes are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
