"""`simulate-fault`: has a simulated camera fail while it films, to see what the rig makes of it."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.camera.simulated.faults import SimulatedFault
from rig.camera.simulated.orders import FaultOrder, order_fault
from rig.commands.options import DEFAULT_CONFIG, Camera, Config, console, faults_explained
from rig.settings import load_settings


def simulate_fault(
    name: Annotated[SimulatedFault | None, typer.Argument(help="How to fail; without a name every fault is called off.")] = None,
    count: Annotated[int | None, typer.Option(help="For how many frames.", min=1)] = None,
    config: Config = DEFAULT_CONFIG,
    camera: Camera = None,
) -> None:
    """Have the simulated camera (`--camera sim`) fail; frames are lost or spoilt for a while, the rest until it is called off."""
    with faults_explained():
        order_fault(load_settings(config, camera).data_folder, FaultOrder(fault=name, count=count))
    console.print("called off" if name is None else f"ordered: {name.value}")
