"""A pose over the photo, both brought to the size that is animated, but no larger than is looked at."""

import numpy as np
import torch
from torch import Tensor

from ..media.densepose import nearest_parts
from ..media.images import fit_photo, fit_poses, to_levels

BODY_OPACITY, AROUND_OPACITY = 0.65, 0.12  # how much of the pose is seen over the photo


def thumbnail_size(width: int, height: int, box: int) -> tuple[int, int]:
    """Returns width and height with these proportions that fit into a square of `box` pixels, never enlarged."""
    scale = min(1.0, box / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def pose_over_photo(pose: Tensor, photo: Tensor | None, size: tuple[int, int], fit: str) -> np.ndarray:
    """Returns a pose (1, H, W, 3) over a photo (1, H', W', 3), RGB in [0, 1], as (height, width, 3) uint8; size: of it.

    Without a photo, the pose alone. What is no number becomes black.
    """
    shown = _levels(fit_poses(pose, *size, fit))  # (h, w, 3)
    if photo is None:
        return shown
    below = _levels(fit_photo(photo, *size, fit))
    body = nearest_parts(shown)[0][..., None] > 0  # (h, w, 1)
    share = np.where(body, BODY_OPACITY, AROUND_OPACITY)
    return (share * shown + (1 - share) * below).round().astype(np.uint8)


def _levels(image: Tensor) -> np.ndarray:
    """(1, H, W, 3) in [0, 1] -> (H, W, 3) uint8"""
    return to_levels(torch.nan_to_num(image[0].float()))
