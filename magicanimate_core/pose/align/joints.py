"""Where the limbs of a figure meet, read off its map: the middle of the border between two limbs, and the ends.

Points are x, y in pixels; what is not seen is nan. Rows stand for limbs (limbs.py).
"""

from typing import NamedTuple

import numpy as np

from .limbs import FEET, HEAD, LIMBS, PARENT, TORSO, UPPER_ARMS, UPPER_LEGS

LEAST_LIMB_PIXELS = 6  # pixels of a limb that is looked at
SPECK = 0.004  # of a figure's pixels: less is no limb
BORDER = 3  # pixels
EDGE = 2  # pixels from the picture's edge at which a limb may go on outside
NOWHERE = np.full(2, np.nan)


class Body(NamedTuple):
    """A figure. Head and torso begin at the neck, every other limb where it hangs on its parent."""

    start: np.ndarray  # (LIMBS, 2)
    end: np.ndarray  # (LIMBS, 2)
    width: np.ndarray  # (LIMBS,) pixels, on average
    cut: np.ndarray  # (LIMBS,) bool: it touches the picture's edge
    box: np.ndarray  # (4,) left, top, right, bottom of the whole figure
    core: np.ndarray  # (4,) of head and torso

    @property
    def length(self) -> np.ndarray:
        """(LIMBS,) pixels."""
        return np.linalg.norm(self.end - self.start, axis=-1)


def body(limbs: np.ndarray) -> Body:
    """Returns the joints of the one figure of a map of limbs (H, W)."""
    pixels = _pixels(limbs)
    borders = _borders(limbs)
    start, end = np.full((LIMBS, 2), np.nan), np.full((LIMBS, 2), np.nan)
    for limb in pixels:
        start[limb] = borders.get((limb, PARENT[limb]), NOWHERE)
    for limb in pixels:
        children = [child for child in range(LIMBS) if PARENT[child] == limb and child > HEAD]
        end[limb] = start[children[0]] if len(children) == 1 else NOWHERE
        if np.isnan(end[limb]).any() and limb != TORSO:
            end[limb] = _far_end(pixels[limb], start[limb])
    for limb in UPPER_ARMS:  # an arm that hangs touches the torso all along: its border is no shoulder
        if limb in pixels and limb + 2 in pixels and np.isfinite(start[limb + 2]).all():
            start[limb] = _far_end(pixels[limb], start[limb + 2])
    start[TORSO] = start[HEAD]
    end[TORSO] = _mean(start[list(UPPER_LEGS)])
    width = np.array([_width(pixels.get(limb), start[limb], end[limb]) for limb in range(LIMBS)])
    return Body(start, end, width, _cut(limbs, pixels), _box(limbs > 0), _box((limbs > 0) & (limbs <= HEAD)))


def _pixels(limbs: np.ndarray) -> dict[int, np.ndarray]:
    """x, y (N, 2) of the pixels of every limb that is there."""
    y, x = np.nonzero(limbs)
    which = limbs[y, x]
    order = np.argsort(which, kind="stable")
    points = np.stack([x, y], -1)[order].astype(np.float64)
    counts = np.bincount(which, minlength=LIMBS)
    places = np.split(points, np.cumsum(counts)[:-1])
    least = max(LEAST_LIMB_PIXELS, SPECK * len(points))
    return {limb: _together(places[limb]) for limb in range(1, LIMBS) if counts[limb] >= least}


def _together(points: np.ndarray) -> np.ndarray:
    """Pixels of a limb (N, 2) without specks that lie far off."""
    far = np.linalg.norm(points - np.median(points, axis=0), axis=-1)
    return points[far <= 3 * np.median(far) + 2]


def _borders(limbs: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """Middle of the border of a limb and its parent, by both."""
    parent = np.array(PARENT, np.uint8)
    found: dict[tuple[int, int], list[np.ndarray]] = {}
    for a, b, shift in ((limbs[:, :-1], limbs[:, 1:], (0.5, 0.0)), (limbs[:-1], limbs[1:], (0.0, 0.5))):
        y, x = np.nonzero((a != b) & (a > 0) & (b > 0) & ((parent[a] == b) | (parent[b] == a)))
        here, there = a[y, x], b[y, x]
        child = np.maximum(here, there)  # parents have smaller numbers
        for limb in np.unique(child):
            chosen = child == limb
            found.setdefault((int(limb), PARENT[limb]), []).append(np.stack([x[chosen], y[chosen]], -1) + shift)
    borders = {pair: np.concatenate(points) for pair, points in found.items()}
    return {pair: _inner_mean(points) for pair, points in borders.items() if len(points) >= BORDER}


def _inner_mean(points: np.ndarray) -> np.ndarray:
    """The mean (2,) of points (N, 2) without the outermost of each axis: a median goes in steps of half a pixel."""
    ordered, out = np.sort(points, axis=0), len(points) // 16
    return ordered[out : len(points) - out].mean(0)


def _far_end(points: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The end of a limb (N, 2) that is farthest from its start: in its middle line, nearly at the tip."""
    if np.isnan(start).any():
        return NOWHERE
    middle = points.mean(0)
    way = middle - start
    reach = float(np.linalg.norm(way))
    if reach < 1e-6:
        return NOWHERE
    along = (points - start) @ (way / reach)
    tip = np.quantile(along, 0.97)
    return points[along >= np.quantile(along, 0.9)].mean(0) * 0.5 + (start + way / reach * tip) * 0.5


def _mean(points: np.ndarray) -> np.ndarray:
    """The middle of those points (N, 2) that are seen."""
    seen = points[np.isfinite(points).all(-1)]
    return seen.mean(0) if len(seen) else NOWHERE


def _width(points: np.ndarray | None, start: np.ndarray, end: np.ndarray) -> float:
    """Area by length, pixels."""
    if points is None or np.isnan(start).any() or np.isnan(end).any():
        return float("nan")
    return len(points) / max(1.0, float(np.linalg.norm(end - start)))


def _cut(limbs: np.ndarray, pixels: dict[int, np.ndarray]) -> np.ndarray:
    height, width = limbs.shape
    cut = np.zeros(LIMBS, bool)
    for limb, points in pixels.items():
        low, high = points.min(0), points.max(0)
        cut[limb] = bool((low < EDGE).any() or high[0] >= width - EDGE or high[1] >= height - EDGE)
    return cut


def _box(mask: np.ndarray) -> np.ndarray:
    """Of rows and columns of a mask (H, W) with more than a speck in them."""
    columns, rows = (np.nonzero(mask.sum(axis) > 2)[0] for axis in (0, 1))
    if not len(columns) or not len(rows):
        return np.full(4, np.nan)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)


def ground(bodies: Body) -> np.ndarray:
    """Returns y of the lowest foot; nan where no foot is seen whole. Bodies may be stacked: (F, LIMBS, 2) -> (F,)."""
    feet = np.stack([bodies.start[..., limb, 1] for limb in FEET] + [bodies.end[..., limb, 1] for limb in FEET], -1)
    cut = np.stack([bodies.cut[..., limb] for limb in FEET], -1).any(-1)
    lowest = np.where(np.isfinite(feet), feet, -np.inf).max(-1)
    return np.where(np.isfinite(lowest) & ~cut, lowest, np.nan)


def stack(bodies: list[Body]) -> Body:
    """Joins bodies along a new first axis."""
    return Body(*(np.stack(values) for values in zip(*bodies, strict=True)))
