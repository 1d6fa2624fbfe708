"""What must be decoded to see the wanted frames of a video, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from hub.scoring.video import PacketTable


@dataclass(frozen=True)
class Run:
    """A stretch of packets that is decoded in one go, from a key frame to the last wanted frame that needs it.

    `first` and `last` are places in decode order, both included; `wanted` are the places of wanted frames, in display order.
    """

    first: int
    last: int
    wanted: tuple[int, ...]


def plan_runs(packets: PacketTable, wanted_us: NDArray[np.int64]) -> list[Run]:
    """Plan the decoding of the frames shown at `wanted_us`, each of which must be a decodable packet's time; runs never overlap.

    A frame needs everything from the last key frame that neither follows it in the file nor is shown after it: frames that are
    shown before a key frame but stored after it (open groups of pictures) also lean on the group before.
    """
    key_places = np.flatnonzero(packets.key)
    starts = {}
    for place in _places(packets, wanted_us).tolist():
        key = int(np.searchsorted(key_places, place, side="right")) - 1
        while packets.pts_us[key_places[key]] > packets.pts_us[place]:
            key -= 1
        starts[place] = int(key_places[key])
    runs: list[Run] = []
    for first, group in groupby(starts, key=starts.__getitem__):
        places = tuple(group)
        run = Run(first, max(places), places)
        if runs and run.first <= runs[-1].last + 1:
            before = runs.pop()
            run = Run(before.first, max(before.last, run.last), before.wanted + run.wanted)
        runs.append(run)
    return runs


def _places(packets: PacketTable, times_us: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where in decode order the packets of these times are, in display order."""
    order = np.argsort(packets.pts_us, kind="stable")
    return order[np.searchsorted(packets.pts_us[order], np.sort(times_us))]
