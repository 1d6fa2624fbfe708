"""Train the bundled build's scorers on painted mice, measure them on mice they never saw, and export them to ONNX.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive grimace-models train-scorers --out DIR

One thread that sleeps while it waits: with torch's defaults on a shared machine an image cost four to six times the CPU time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.synthetic.streams import stream
from models.training.crops import Crops, painted_crops, plain, varied
from models.training.export import export_scorer
from models.training.plans import SCORER_PLANS, ScorerPlan, TrainingPlan
from models.training.scorer_network import ThreeBranchScorer
from shared.grimace import Fau
from shared.hashing import sha256_of_file

log = logging.getLogger(__name__)

LABEL_SMOOTHING = 0.05
WEIGHT_DECAY = 1e-2
REPORT_EVERY = 100


@dataclass(frozen=True)
class TrainedScorer:
    """A scorer's file and how it did on held-out mice: rows of `confusion` are true scores, columns predicted ones."""

    fau: Fau
    path: Path
    sha256: str
    plan: ScorerPlan
    confusion: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / self.confusion.sum())


def train_scorers(folder: Path, plan: TrainingPlan, faus: Mapping[Fau, ScorerPlan] = SCORER_PLANS) -> list[TrainedScorer]:
    """Paint, train, measure and export; writes one `<unit>.onnx` for each unit into `folder`."""
    torch.set_num_threads(1)
    began = time.monotonic()
    training = painted_crops(range(plan.first_seed, plan.first_seed + plan.stills), faus)
    log.info("painted %d stills in %.0f s", plan.stills, time.monotonic() - began)
    held_out = painted_crops(range(plan.first_held_out_seed, plan.first_held_out_seed + plan.held_out_stills), faus)
    trained = []
    for fau, scorer_plan in faus.items():
        network = _fitted(fau, training[fau], scorer_plan, plan)
        confusion = confusion_of(network, held_out[fau], scorer_plan)
        path = folder / f"{fau.value}.onnx"
        export_scorer(network, scorer_plan, path)
        trained.append(TrainedScorer(fau, path, sha256_of_file(path), scorer_plan, confusion))
        log.info("%s: accuracy %.3f on %d held-out crops", fau.value, trained[-1].accuracy, len(held_out[fau]))
    return trained


def confusion_of(network: nn.Module, crops: Crops, plan: ScorerPlan) -> NDArray[np.int64]:
    """How often each true score (row) was predicted as each score (column)."""
    network.eval()
    with torch.no_grad():
        predicted = network(_as_input(plain(crops, plan))).argmax(1).numpy()
    counts = np.zeros((len(plan.scores),) * 2, np.int64)
    np.add.at(counts, (_classes(crops.scores, plan), predicted), 1)
    return counts


def _fitted(fau: Fau, crops: Crops, scorer_plan: ScorerPlan, plan: TrainingPlan) -> ThreeBranchScorer:
    """A scorer after `plan.steps` steps of AdamW with a warm start and a cosine end."""
    torch.manual_seed(plan.first_seed)
    rng = stream(plan.first_seed, f"training {fau.value}")
    network = ThreeBranchScorer(scorer_plan)
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.learning_rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.learning_rate, total_steps=plan.steps, pct_start=0.1)
    loss_of = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    classes = _classes(crops.scores, scorer_plan)
    network.train()
    began, losses = time.monotonic(), []
    for step in range(1, plan.steps + 1):
        chosen = rng.integers(0, len(crops), plan.batch)
        loss = loss_of(network(_as_input(varied(crops, chosen, scorer_plan, rng))), torch.from_numpy(classes[chosen]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % REPORT_EVERY == 0:
            log.info("%s: step %d, loss %.3f, %.0f s", fau.value, step, np.mean(losses[-REPORT_EVERY:]), time.monotonic() - began)
    return network


def _classes(scores: NDArray[np.int64], plan: ScorerPlan) -> NDArray[np.int64]:
    """Scores as places in the plan's list of scores."""
    return np.searchsorted(plan.scores, scores).astype(np.int64)


def _as_input(crops: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(crops.transpose(0, 3, 1, 2)).astype(np.float32))


def manifest_tables(trained: list[TrainedScorer]) -> str:
    """The `[scorers]` tables of `build.toml` for these files."""
    lines = []
    for scorer in trained:
        lines += [
            f"# accuracy on held-out synthetic mice: {scorer.accuracy:.2f} of {scorer.confusion.sum()} crops",
            f"[scorers.{scorer.fau.value}]",
            f'file = "{scorer.path.name}"',
            f'sha256 = "{scorer.sha256}"',
            f"input_width_px = {scorer.plan.width_px}",
            f"input_height_px = {scorer.plan.height_px}",
            f"scores = {list(scorer.plan.scores)}",
            f"crop_margin = {scorer.plan.margin}",
            "",
        ]
    return "\n".join(lines)
