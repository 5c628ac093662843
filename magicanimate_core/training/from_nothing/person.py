"""Where the person is, from the DensePose of target and reference: what an error there counts for."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...media.densepose import nearest_parts

EVERY = 4  # pixels between those whose body parts a batch has: half a latent's width


def coarse_parts(poses: np.ndarray) -> Tensor:
    """Returns the body parts of every fourth pixel of DensePose pictures (..., H, W, 3): (..., H / 4, W / 4) uint8."""
    return torch.from_numpy(nearest_parts(poses[..., ::EVERY, ::EVERY, :])[0])


def person_weight(parts: Tensor, reference_parts: Tensor, person: float) -> Tensor:
    """Returns what the error of each latent pixel counts for, (N, F, 1, h, w), 1 on average.

    parts (N, F, H / 4, W / 4), reference_parts (N, H / 4, W / 4). `person` counts where the body is in the target or was in
    the reference, with a margin for hair and clothes; 1 elsewhere.
    """
    body = (torch.maximum(parts > 0, (reference_parts > 0)[:, None])).float()  # (N, F, H / 4, W / 4)
    latent = F.max_pool2d(body, 8 // EVERY)  # (N, F, h, w)
    near = F.max_pool2d(latent, 3, stride=1, padding=1)
    weight = 1 + (person - 1) * near
    return (weight / weight.mean())[:, :, None]
