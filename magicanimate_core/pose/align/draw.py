"""A frame whose limbs have other lengths: every limb is stretched along and across itself and put where its joints go."""

from typing import NamedTuple

import numpy as np

from ...media.densepose import BACKGROUND
from .joints import Body
from .limbs import FEET, HANDS, HEAD, LIMBS, LOWER_ARMS, LOWER_LEGS, PARENT, TORSO, UPPER_ARMS, UPPER_LEGS
from .similarity import Similarity

ORDER = (TORSO, *FEET, *LOWER_LEGS, *UPPER_LEGS, HEAD, *UPPER_ARMS, *LOWER_ARMS, *HANDS)  # later ones lie before
_ARMS = (*UPPER_ARMS, *LOWER_ARMS, *HANDS)  # what may lie before the torso
POINTS = 0.4  # widths at which the length of a limb is half believed
LEAST_LONG = 0.3  # of a limb's scale across that it is stretched by at least
JOINT = 0.6  # of a limb's width that is drawn beyond its joint, and of a leg under the other, below all limbs
SIDES = 23  # of the outline that a limb is rounded out to, to its left and to its right
_OTHER_LEG = {  # by leg: what may hide its edge
    limb: [pair[1 - side] for pair in (UPPER_LEGS, LOWER_LEGS)] for side in (0, 1)
    for limb in (UPPER_LEGS[side], LOWER_LEGS[side])
}  # fmt: skip


class Affine(NamedTuple):
    """x, y in pixels -> matrix @ (x, y) + shift."""

    matrix: np.ndarray  # (2, 2)
    shift: np.ndarray  # (2,)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) -> (..., 2)"""
        return points @ self.matrix.T + self.shift


def limb_maps(body: Body, ways: tuple[np.ndarray, np.ndarray], wide: np.ndarray, map_: Similarity) -> list[Affine]:
    """Returns the map of every limb (LIMBS,) of a body.

    ways: how far their starts and ends go beyond `map_`, (LIMBS, 2) each. wide: factors of their widths beyond it (LIMBS,).
    """
    everything = Affine(map_.scale * np.eye(2), np.array([map_.x, map_.y]))
    out = [everything] * LIMBS
    for limb in range(1, LIMBS):
        way = body.end[limb] - body.start[limb]
        goes = map_.scale * way + ways[1][limb] - ways[0][limb]
        matrix = brought(way, goes, map_.scale * float(wide[limb]), float(np.nan_to_num(body.width[limb])))
        for point, beyond in ((body.start[limb], ways[0][limb]), (body.end[limb], ways[1][limb])):
            if np.isfinite(point).all():
                out[limb] = Affine(matrix, map_(point) + beyond - matrix @ point)
                break
        else:
            out[limb] = everything if limb <= HEAD else out[PARENT[limb]]
    return out


def brought(way: np.ndarray, goes: np.ndarray, wide: float, thick: float) -> np.ndarray:
    """Returns a matrix (2, 2) that brings the way along a limb (2,) to where it goes (2,), times `wide` across.

    thick: the limb's width, pixels. What points at the viewer and is hardly longer than that only grows: where its end is
    seen, says little of where it goes.
    """
    long = float(np.linalg.norm(way))
    if not long > 0:
        return wide * np.eye(2)
    along, across = way / long, np.array([-way[1], way[0]]) / long
    sure = long**2 / (long**2 + (POINTS * thick) ** 2)
    longer = max(sure * (float(goes @ along) / long - wide), (LEAST_LONG - 1) * wide)
    aside = sure * float(goes @ across) / long
    return wide * np.eye(2) + np.outer(longer * along + aside * across, along)


def redrawn(frame: np.ndarray, limbs: np.ndarray, body: Body, maps: list[Affine]) -> np.ndarray:
    """Returns a frame (H, W, 3) uint8 with its limbs (H, W) under their maps."""
    height, width = limbs.shape
    below = np.full((height, width), -1, np.int64)  # the old pixel that every new one shows
    above = below.copy()
    for limb in ORDER:
        own = limbs == limb
        if own.any():
            _lay(above, own, np.arange(own.size).reshape(own.shape), maps[limb])
            mask, source = _padded(limbs, own, limb, body)
            _lay(below, mask, source, maps[limb])
    shown = np.where(above >= 0, above, below)
    out = frame.reshape(-1, 3)[shown.clip(0)]
    out[shown < 0] = BACKGROUND
    return out


def _padded(limbs: np.ndarray, own: np.ndarray, limb: int, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """A limb with what may cover it, and a disc at its start, (H, W) bool; and which old pixels to show."""
    numbers = np.arange(own.size).reshape(own.shape)
    left = np.maximum.accumulate(np.where(own, numbers, -own.size), 1)  # the limb's next pixel in the row
    right = np.flip(np.minimum.accumulate(np.flip(np.where(own, numbers, 2 * own.size), 1), 1), 1)
    reach = JOINT * float(np.nan_to_num(body.width[limb]))
    nearest = np.where(numbers - left <= right - numbers, left, right)
    hidden = np.minimum(reach, np.nan_to_num(body.width[limb]) - own.sum(1, keepdims=True))  # no more than a whole leg
    beside = np.isin(limbs, _OTHER_LEG.get(limb, ())) & (np.abs(numbers - nearest) <= hidden)
    mask = own | ((limbs > 0) & rounded_out(own)) | beside
    source = np.where(mask, nearest, 0)
    if limb == TORSO:
        above = np.maximum.accumulate(np.where(own, numbers, -1), 0)  # the torso's next pixel in the column
        below = np.flip(np.logical_or.accumulate(np.flip(own | np.isin(limbs, UPPER_LEGS), 0), 0), 0)
        behind = np.isin(limbs, _ARMS) & (above >= 0) & below & ~mask
        source, mask = np.where(behind, above, source), mask | behind
    start = body.start[limb]
    if limb > HEAD and np.isfinite(start).all() and reach > 0:
        y, x = np.ogrid[: own.shape[0], : own.shape[1]]
        disc = ((x - start[0]) ** 2 + (y - start[1]) ** 2 <= reach**2) & (limbs == PARENT[limb]) & ~mask
        source, mask = np.where(disc, numbers, source), mask | disc
    return mask, source


def rounded_out(own: np.ndarray) -> np.ndarray:
    """Returns what lies inside a limb's outline, (H, W) bool both: limbs are convex, what takes a bite lies before them.

    In rows that show something of the limb.
    """
    rows = np.nonzero(own.any(1))[0]
    ends = own[rows].argmax(1), own.shape[1] - 1 - own[rows, ::-1].argmax(1)  # first and last column of each row
    sides = [_bound(x * sign, rows) * sign for x, sign in zip(ends, (-1, 1), strict=True)]
    columns, inside = np.arange(own.shape[1]), np.zeros_like(own)
    inside[rows] = (columns >= sides[0][:, None]) & (columns <= sides[1][:, None])
    return inside


def _bound(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far to the right the convex hull of points x, y (N,) reaches at each y, (N,): below lines of some directions."""
    slopes = np.tan(np.linspace(-0.5, 0.5, SIDES + 2)[1:-1] * np.pi)[:, None]  # (SIDES, 1)
    return ((x + slopes * y).max(1, keepdims=True) - slopes * y).min(0) + 1e-6


def _lay(shown: np.ndarray, mask: np.ndarray, source: np.ndarray, map_: Affine) -> None:
    """Writes into `shown` (H, W) the old pixels `source` (H, W) that a mask (H, W) brings there."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    corners = map_(np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]], np.float64))
    (left, top), (right, bottom) = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if left >= right or top >= bottom:
        return
    back = np.linalg.inv(map_.matrix)
    x = np.arange(left, right) + 0.5 - map_.shift[0]
    y = (np.arange(top, bottom) + 0.5 - map_.shift[1])[:, None]
    u = np.floor(back[0, 0] * x + back[0, 1] * y).astype(np.int64)
    v = np.floor(back[1, 0] * x + back[1, 1] * y).astype(np.int64)
    there = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    u, v = u.clip(0, width - 1), v.clip(0, height - 1)
    there &= mask[v, u]
    window = shown[top:bottom, left:right]
    window[there] = source[v, u][there]
