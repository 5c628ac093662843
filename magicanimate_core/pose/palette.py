"""Tells whether frames are DensePose in MagicAnimate's colours, and fit for training.

Frames are (F, H, W, 3) uint8 RGB.
"""

import numpy as np

from ..media.densepose import BACKGROUND, nearest_parts
from .recognition import clause

STRAY_LEVELS = 30  # grey levels; of a compressed clip, only the seams between parts are farther from every part's colour


def stray_share(poses: np.ndarray) -> float:
    """Returns the share of the pixels off the background that are far from every part's colour, 0..1."""
    parts, distance = nearest_parts(poses)  # (F, H, W) each
    far = distance > STRAY_LEVELS
    return float(far.sum() / max(1, (far | (parts > 0)).sum()))


def body_share(poses: np.ndarray) -> float:
    """Returns the share of pixels that show a body part, 0..1."""
    parts, distance = nearest_parts(poses)  # (F, H, W) each
    return float(((parts > 0) & (distance <= STRAY_LEVELS)).mean())


def is_exact(poses: np.ndarray) -> bool:
    """Tells whether every pixel of (F, H, W, 3) has exactly a part's colour."""
    return not nearest_parts(poses)[1].any()


def palette_problem(poses: np.ndarray, tolerance: float) -> str | None:
    """Returns what is wrong with colours (F, H, W, 3), a clause; None if at most the share `tolerance` is of no part."""
    share = stray_share(poses)
    if share <= tolerance:
        return None
    return clause(poses) or (
        f"is not DensePose in MagicAnimate's colours: {share:.0%} of its figure has colours of no body part, "
        f"at most {tolerance:.0%} may (viridis of part number x 255 / 24, background {BACKGROUND})"
    )
