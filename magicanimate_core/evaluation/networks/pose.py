"""Realtime Multi-Person Pose (Cao et al. 2017): VGG19's first layers, then two branches over six stages."""

import torch
from torch import Tensor, nn

TRUNK = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, 256, "pool", 512, 512, 256, 128)
FEATURES, HIDDEN = 128, 512
LIMB_FIELDS, MAPS = 38, 19  # limb fields (x and y of 19); 18 joints and the background
POSE_STAGES = 6


def _layers(inputs: int, *plan: tuple[int, int]) -> nn.Sequential:
    """Convolutions of (outputs, kernel), rectified but for the last."""
    layers: list[nn.Module] = []
    for outputs, kernel in plan:
        layers += [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.ReLU(inplace=True)]
        inputs = outputs
    return nn.Sequential(*layers[:-1])


def _trunk(narrow: int) -> nn.Sequential:
    layers, inputs = [], 3
    for width in TRUNK:
        if width == "pool":
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(inputs, width // narrow, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = width // narrow
    return nn.Sequential(*layers)


class PoseNet(nn.Module):
    """Heat maps of 18 joints and the background. Parts are named as in the published file.

    narrow: divides all widths, for tests.
    """

    def __init__(self, narrow: int = 1) -> None:
        super().__init__()
        width = FEATURES // narrow
        self.model0 = _trunk(narrow)
        for branch, outputs in ((1, LIMB_FIELDS), (2, MAPS)):
            first = _layers(width, (width, 3), (width, 3), (width, 3), (HIDDEN // narrow, 1), (outputs, 1))
            self.add_module(f"model1_{branch}", first)
            for stage in range(2, POSE_STAGES + 1):
                later = _layers(LIMB_FIELDS + MAPS + width, *[(width, 7)] * 5, (width, 1), (outputs, 1))
                self.add_module(f"model{stage}_{branch}", later)

    def forward(self, frames: Tensor) -> Tensor:
        """frames: (N, 3, H, W), blue first, in [-0.5, 0.5), H and W multiples of 8. Returns (N, 19, H / 8, W / 8)."""
        features = x = self.model0(frames)
        for stage in range(1, POSE_STAGES + 1):
            limbs, maps = (getattr(self, f"model{stage}_{branch}")(x) for branch in (1, 2))
            x = torch.cat([limbs, maps, features], dim=1)
        return maps
