"""Nobody leaves the frame: an alignment is held back where it would push a figure out, or show where it is cut off."""

import numpy as np

from .joints import EDGE, Body
from .similarity import Similarity

CUT_OFTEN = 0.1  # of the frames in which a figure touches an edge: there it goes on outside
SLACK = 0.01  # of the picture
SHOWN = 0.2  # of a figure's height that a cut may lie inside of the photo's figure
STEPS = 24  # of halving


def hold_back(wanted: Similarity, bodies: Body, photo: Body, size: tuple[int, int], anchor: np.ndarray) -> Similarity:
    """Returns an alignment that keeps the bodies (F, ...) of a clip in frames of size (width, height)."""
    low, high = 0.0, 1.0
    if _shows_a_cut(wanted, bodies, photo, size[1]):
        for _ in range(STEPS):
            middle = (low + high) / 2
            good = not _shows_a_cut(wanted.part(middle, anchor), bodies, photo, size[1])
            low, high = (middle, high) if good else (low, middle)
        wanted = wanted.part(low, anchor)
    return pushed_in(wanted, bodies, photo, size, bodies.box, bodies.core)


def touches(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which edges (left, top, right, bottom) figures touch: boxes (..., 4) -> (..., 4) bool."""
    width, height = size
    far = np.array([width, height])
    return np.concatenate([boxes[..., :2] <= EDGE, boxes[..., 2:] >= far - EDGE], -1)


def _shows_a_cut(map_: Similarity, bodies: Body, photo: Body, height: int) -> bool:
    """Whether the picture's upper or lower edge, at which a figure is cut, would lie where the photo's figure goes on."""
    cut = touches(bodies.box, (1 << 30, height)).mean(0) > CUT_OFTEN  # (4,)
    top, bottom = map_(np.array([[0.0, 0.0], [0.0, height]]))[:, 1]
    slack = SHOWN * float(photo.box[3] - photo.box[1])
    above = cut[1] and top > max(0.0, photo.box[1]) + slack
    below = cut[3] and bottom < min(height, photo.box[3]) - slack
    return bool(above or below)


def pushed_in(
    map_: Similarity, bodies: Body, photo: Body, size: tuple[int, int], box: np.ndarray, core: np.ndarray
) -> Similarity:  # fmt: skip
    """Shifts, and shrinks where that is not enough, so that boxes (F, 4) of whole figures under a map lie in the frame.

    Of half figures only the cores (F, 4), head and torso, must: arms may reach out. bodies: the clip as it is.
    """
    free = touches(bodies.box, size).mean(0) <= CUT_OFTEN
    at_edge = touches(photo.box, size)
    free &= ~(at_edge & np.array([False, True, False, True]))
    arms_may = at_edge[3] | np.array([at_edge[0] | at_edge[2], False])  # (2,) across, down
    seen = np.isfinite(box).all(-1) & np.isfinite(core).all(-1)
    if not seen.any():
        return map_
    low = np.quantile(np.where(arms_may, core[seen, :2], box[seen, :2]), 0.01, axis=0)  # (2,)
    high = np.quantile(np.where(arms_may, core[seen, 2:], box[seen, 2:]), 0.99, axis=0)
    room = np.array(size, np.float64)
    scale, shift = map_.scale, np.array([map_.x, map_.y])
    for axis in (0, 1):
        before, after = free[axis], free[axis + 2]
        slack = SLACK * room[axis]
        if before and after and scale * (high - low)[axis] > room[axis]:
            smaller = float(room[axis] / (high - low)[axis])
            keep = (low + high) / 2
            shift, scale = shift + (scale - smaller) * keep, smaller
        over = max(0.0, scale * high[axis] + shift[axis] - room[axis] - slack) if after else 0.0
        under = max(0.0, -slack - scale * low[axis] - shift[axis]) if before else 0.0
        shift[axis] += under - over
    return Similarity(scale, *map(float, shift))
