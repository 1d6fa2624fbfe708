"""The demonstration's rig: settings for a replayed camera that plays a video in a loop."""

from __future__ import annotations

import json
from pathlib import Path

from hub.demo.hub_setup import RIG, HubSetup
from hub.scoring.probe import inspect_video
from shared.durable import replacing

# What the rig's settings allow (rig/grimace-rig.toml).
FRAME_RATES = (1.0, 120.0)
LARGEST_SIDE_PX = 4096


RIG_FOLDER = "rig"


def write_rig_settings(hub: HubSetup, video: Path) -> Path:
    """Write the settings of a rig that films `video`; raises GrimaceError when it is not a video that can be read."""
    facts = inspect_video(video).facts
    lowest, highest = FRAME_RATES
    settings: dict[str, dict[str, object]] = {
        "": {"rig_id": RIG, "data_folder": RIG_FOLDER},
        "camera": {
            "backend": "replay",
            "source": str(video.absolute()),
            "width_px": _side(facts.width_px),
            "height_px": _side(facts.height_px),
            "frame_rate": min(max(round(facts.frame_rate, 2), lowest), highest),
        },
        "screen": {"port": 0},  # its usual one may be taken; the demonstration tells which it is
        "hub": {"url": hub.url, "token_file": hub.rig_token_file.name},
    }
    path = hub.folder / "grimace-rig.toml"
    with replacing(path) as file:
        file.write(_as_toml(settings).encode())
    return path


def screen_address(hub: HubSetup) -> str | None:
    """Where the rig shows its touchscreen; None when it does not (the rig's agent writes the file)."""
    try:
        return (hub.folder / RIG_FOLDER / "screen.url").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _side(pixels: int) -> int:
    """A picture's side as an encoder takes it: even."""
    return min(pixels, LARGEST_SIDE_PX) // 2 * 2


def _as_toml(sections: dict[str, dict[str, object]]) -> str:
    """Tables of strings and numbers as TOML; JSON writes both as TOML reads them."""
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]"] * bool(name)
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()] + [""]
    return "\n".join(lines)
