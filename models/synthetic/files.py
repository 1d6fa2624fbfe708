"""Stills as files: a PNG and the JSON with its labels beside it."""

from __future__ import annotations

from pathlib import Path

import cv2

from models.synthetic.still import Still
from shared.durable import replacing


def write_still(still: Still, folder: Path) -> Path:
    """Write `still-SEED.png` and `still-SEED.json` into `folder` and return the picture's path."""
    path = folder / f"still-{still.labels.seed:08d}.png"
    encoded, data = cv2.imencode(".png", cv2.cvtColor(still.image, cv2.COLOR_RGB2BGR))
    if not encoded:
        raise ValueError(f"{path.name}: the picture cannot be encoded")
    with replacing(path) as file:
        file.write(data.tobytes())
    still.labels.write(path.with_suffix(".json"))
    return path
