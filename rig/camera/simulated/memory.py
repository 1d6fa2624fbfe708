"""Frame memory without a Raspberry Pi's dma-heap: files in memory, under the names that picamera2's allocator uses."""

from __future__ import annotations

import mmap
import os
import time
from typing import Any

from rig.camera.simulated.streams import FrameBuffer

SLOW_LOOK_S = 0.05


class MemoryHeap:
    """In place of `picamera2.dma_heap.DmaHeap`."""

    def alloc(self, name: str, size: int) -> MemoryFile:
        descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
        os.ftruncate(descriptor, size)
        return MemoryFile(descriptor)

    def close(self) -> None:
        """Nothing is held open but the files, which the allocator closes."""


class MemoryFile:
    """In place of `picamera2.dma_heap.UniqueFD`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def get(self) -> int:
        return self._descriptor

    def isValid(self) -> bool:
        return True


class MemorySync:
    """In place of `DmaAllocator.DmaSync`: memory that only processors use is always in step. A slow frame is slow to look at."""

    def __init__(self, allocator: Any, buffer: FrameBuffer, write: bool) -> None:
        self._mapped: dict[FrameBuffer, mmap.mmap] = allocator.mapped_buffers
        self._buffer = buffer

    def __enter__(self) -> mmap.mmap:
        return self.get_buffer()

    def __exit__(self, *_: object) -> None:
        """Nothing was locked."""

    def get_buffer(self) -> mmap.mmap:
        if self._buffer.is_slow:
            time.sleep(SLOW_LOOK_S)
        return self._mapped[self._buffer]
