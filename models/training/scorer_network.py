"""The scorer: three parallel branches of 3x3, 5x5 and 7x7 convolutions, joined, fully connected, one output a score.

The layout is PainFace's (McCoy et al., "FAU classification"); it is small, because it trains on a CPU.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from models.training.plans import ScorerPlan

KERNELS = (3, 5, 7)
CHANNELS = (12, 24, 32)
REDUCTION = 16
"""How much smaller the last feature map is than the input: three strided convolutions and one pooling."""
HIDDEN = 64
FLAT_CROP = 8.0
"""Keeps a crop without contrast from being divided by nothing; steps of 255."""


class ThreeBranchScorer(nn.Module):
    """Crops (B,3,H,W) of 0 to 255 become one logit for each score of the plan."""

    def __init__(self, plan: ScorerPlan) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_branch(kernel) for kernel in KERNELS)
        cells = (plan.width_px // REDUCTION) * (plan.height_px // REDUCTION)
        features = len(KERNELS) * CHANNELS[-1] * cells
        self.classifier = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(features, HIDDEN), nn.ReLU(), nn.Dropout(0.3), nn.Linear(HIDDEN, len(plan.scores))
        )

    def forward(self, crops: Tensor) -> Tensor:
        evened = _evened(crops)
        features = torch.cat([branch(evened).flatten(1) for branch in self.branches], 1)
        logits: Tensor = self.classifier(features)
        return logits


class Probabilities(nn.Module):
    """A trained scorer as builds want it: softmax inside."""

    def __init__(self, scorer: ThreeBranchScorer) -> None:
        super().__init__()
        self.scorer = scorer

    def forward(self, crop: Tensor) -> Tensor:
        return torch.softmax(self.scorer(crop), 1)


def _evened(crops: Tensor) -> Tensor:
    """Each crop with its own brightness and contrast taken out, so that lighting does not decide the score."""
    centred = crops - crops.mean((1, 2, 3), keepdim=True)
    spread = torch.sqrt((centred * centred).mean((1, 2, 3), keepdim=True))
    return centred / (spread + FLAT_CROP)


def _branch(kernel: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = (3, *CHANNELS)
    for incoming, outgoing in pairwise(channels):
        layers += [
            nn.Conv2d(incoming, outgoing, kernel, stride=2, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outgoing),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.AvgPool2d(2))
