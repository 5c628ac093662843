"""A drawn dancer and a DensePose clip."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from magicanimate_core.testing import inputs

DRAWN = 8  # distinct poses; longer clips repeat them


@cache
def dancer(side: int, frames: int) -> tuple[Tensor, Tensor]:
    """Returns a reference image (1, H, W, 3) and a pose video (F, H, W, 3), in [0, 1]."""
    poses = inputs.draw_poses(side, DRAWN)[np.arange(frames) % DRAWN]  # (F, H, W, 3) uint8
    return torch.from_numpy(inputs.draw_photo(side))[None] / 255, torch.from_numpy(poses) / 255
