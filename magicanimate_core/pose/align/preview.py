"""A picture of an alignment: the outline of an aligned frame over the photo's map."""

import numpy as np

from .limbs import limb_map

DIM = 0.6  # of the map's own brightness
OUTLINE = (255, 255, 255)  # RGB
THICK = 160  # a line is one pixel wide in pictures up to so many pixels, two in larger ones, ...


def preview(photo: np.ndarray, aligned: np.ndarray) -> np.ndarray:
    """Returns the photo's map (H, W, 3) uint8, darker, with the outline of an aligned frame (H, W, 3) uint8."""
    out = (photo * DIM).astype(np.uint8)
    inside = limb_map(aligned) > 0
    core = inside
    for _ in range(max(1, round(max(inside.shape) / THICK))):
        core = _narrowed(core)
    out[inside & ~core] = OUTLINE
    return out


def _narrowed(mask: np.ndarray) -> np.ndarray:
    """A mask (H, W) without its outermost pixels."""
    wide = np.pad(mask, 1)
    return mask & wide[1:-1, :-2] & wide[1:-1, 2:] & wide[:-2, 1:-1] & wide[2:, 1:-1]
