"""A frame whose limbs have other lengths: every limb is stretched along and across itself and put where its joints go."""

from typing import NamedTuple

import numpy as np

from ...media.densepose import BACKGROUND
from .joints import Body
from .limbs import FEET, HANDS, HEAD, LIMBS, LOWER_ARMS, LOWER_LEGS, PARENT, TORSO, UPPER_ARMS, UPPER_LEGS
from .similarity import Similarity

ORDER = (TORSO, *FEET, *LOWER_LEGS, *UPPER_LEGS, HEAD, *UPPER_ARMS, *LOWER_ARMS, *HANDS)  # later ones lie before
_ARMS = (*UPPER_ARMS, *LOWER_ARMS, *HANDS)  # what may lie before the torso
HALF_BELIEVED = 0.4  # widths at which the length of a limb is half believed
LEAST_LONG = 0.3  # of a limb's scale across that it is stretched by at least
JOINT = 0.6  # of a limb's width that is drawn beyond its joint, and of a leg under the other, below all limbs
FAR_OFF = 1 << 40  # beyond the number of any pixel
DIRECTIONS = 23  # of the outline that a limb is rounded out to, to its left and to its right
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
    sure = long**2 / (long**2 + (HALF_BELIEVED * thick) ** 2)
    longer = max(sure * (float(goes @ along) / long - wide), (LEAST_LONG - 1) * wide)
    aside = sure * float(goes @ across) / long
    return wide * np.eye(2) + np.outer(longer * along + aside * across, along)


def redrawn(frame: np.ndarray, limbs: np.ndarray, body: Body, maps: list[Affine]) -> np.ndarray:
    """Returns a frame (H, W, 3) uint8 with its limbs (H, W) under their maps."""
    height, width = limbs.shape
    below = np.full((height, width), -1, np.int64)  # the old pixel that every new one shows
    above = below.copy()
    numbers = np.arange(limbs.size).reshape(limbs.shape)
    for limb in ORDER:
        own = limbs == limb
        if own.any():
            rows, columns = window = _window(limbs, own, limb, body)
            corner = np.array([columns.start, rows.start])
            _lay(above, own[window], numbers[window], maps[limb], corner)
            mask, source = _padded(limbs[window], numbers[window], limb, body, corner)
            _lay(below, mask, source, maps[limb], corner)
    shown = np.where(above >= 0, above, below)
    out = frame.reshape(-1, 3)[shown.clip(0)]
    out[shown < 0] = BACKGROUND
    return out


def _reach(limb: int, body: Body) -> float:
    """How far a limb is drawn beyond what is seen of it, pixels."""
    return JOINT * float(np.nan_to_num(body.width[limb]))


def _window(limbs: np.ndarray, own: np.ndarray, limb: int, body: Body) -> tuple[slice, slice]:
    """Rows and columns that hold all that is shown of a limb: few, where the picture is large."""
    rows, columns = np.nonzero(own.any(1))[0], np.nonzero(own.any(0))[0]
    low, high = np.array([rows[0], columns[0]], float), np.array([rows[-1], columns[-1]], float)
    if limb == TORSO:  # it goes on behind arms, down to the legs
        high[0] = np.nonzero((limbs > 0).any(1))[0][-1]
    start = body.start[limb, ::-1]
    if np.isfinite(start).all():
        low, high = np.minimum(low, start), np.maximum(high, start)
    reach = _reach(limb, body)
    (top, left), (bottom, right) = np.floor(low - reach).clip(0).astype(int), np.ceil(high + reach).astype(int) + 1
    return slice(top, bottom), slice(left, right)


def _padded(
    limbs: np.ndarray, numbers: np.ndarray, limb: int, body: Body, corner: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A limb with what may cover it, and a disc at its start, (h, w) bool; and which old pixels to show.

    All in the limb's window, whose first pixel is corner (2,): x, y. numbers (h, w): of pixels in the whole picture.
    """
    own = limbs == limb
    left = np.maximum.accumulate(np.where(own, numbers, -FAR_OFF), 1)  # the limb's next pixel in the row
    right = np.flip(np.minimum.accumulate(np.flip(np.where(own, numbers, FAR_OFF), 1), 1), 1)
    reach = _reach(limb, body)
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
    start = body.start[limb] - corner
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
    slopes = np.tan(np.linspace(-0.5, 0.5, DIRECTIONS + 2)[1:-1] * np.pi)[:, None]  # (DIRECTIONS, 1)
    return ((x + slopes * y).max(1, keepdims=True) - slopes * y).min(0) + 1e-6


def _lay(shown: np.ndarray, mask: np.ndarray, source: np.ndarray, map_: Affine, corner: np.ndarray) -> None:
    """Writes into `shown` (H, W) the old pixels `source` (h, w) that a mask (h, w) brings there; corner (2,): its x, y."""
    height, width = shown.shape
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    corners = map_(np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]], np.float64) + corner)
    (left, top), (right, bottom) = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if left >= right or top >= bottom:
        return
    back = np.linalg.inv(map_.matrix)
    x = np.arange(left, right) + 0.5 - map_.shift[0]
    y = (np.arange(top, bottom) + 0.5 - map_.shift[1])[:, None]
    u = np.floor(back[0, 0] * x + back[0, 1] * y).astype(np.int64) - corner[0]
    v = np.floor(back[1, 0] * x + back[1, 1] * y).astype(np.int64) - corner[1]
    there = (u >= 0) & (u < mask.shape[1]) & (v >= 0) & (v < mask.shape[0])
    u, v = u.clip(0, mask.shape[1] - 1), v.clip(0, mask.shape[0] - 1)
    there &= mask[v, u]
    window = shown[top:bottom, left:right]
    window[there] = source[v, u][there]
