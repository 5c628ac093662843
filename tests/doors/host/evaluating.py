"""Short films for Evaluate Animation, and the numbers of its report."""

import re

import torch

NODE = "MagicAnimateEvaluate"


def film(frames=3, height=24, width=32, seed=0):
    """Smooth pictures that change, (F, H, W, 3) in [0, 1], whole levels of 8 bits."""
    small = torch.rand(frames, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    large = torch.nn.functional.interpolate(small, (height, width), mode="bilinear")
    return (large.movedim(1, -1) * 200 + 20).round() / 255


def lighter(levels=8, **changes):
    return film(**changes) + levels / 255


def numbers(report):
    """Means by name."""
    return {name: mean for name, mean in re.findall(r"^(\w.*) \(\w+ is better\): ([^\s,]+)", report, re.M)}
