"""Limbs that do not tremble: how far each goes beyond a scale and shift is taken from the frames around, too.

Joints are read off every frame anew and are off by a pixel or so; what moves a limb follows them. The way beyond the scale
and shift alone is a mean over frames: pixels still go with their own frame, and a dance loses nothing of its swing.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .bones import Factors
from .draw import Affine, stretch
from .joints import Body
from .limbs import HEAD, LIMBS, PARENT
from .similarity import Similarity

FRAME_WEIGHTS = (4.0, 3.0, 2.0, 1.0)  # weights of a frame, of the next and last one, of those beyond


class Steady(NamedTuple):
    """Means over the frames around each of F frames of a clip."""

    numbers: np.ndarray  # (F,) which frames, in order
    start: np.ndarray  # (F, LIMBS, 2) where limbs begin
    way: np.ndarray  # (F, LIMBS, 2) from a limb's start to its end
    away: np.ndarray  # (F, LIMBS, 2) how far its start goes beyond the scale and shift

    def maps(self, number: int, bones: Factors, map_: Similarity) -> list[Affine] | None:
        """Returns the map of every limb (LIMBS,) of frame `number`; None: it is none of these frames."""
        row = int(np.searchsorted(self.numbers, number))
        if row == len(self.numbers) or self.numbers[row] != number:
            return None
        out = [Affine(map_.scale * np.eye(2), np.array([map_.x, map_.y]))] * LIMBS
        for limb in range(1, LIMBS):
            start = self.start[row, limb]
            if np.isnan([start, self.away[row, limb]]).any():
                out[limb] = out[0] if limb <= HEAD else out[PARENT[limb]]
                continue
            matrix = map_.scale * stretch(self.way[row, limb], float(bones.length[limb]), float(bones.width[limb]))
            out[limb] = Affine(matrix, map_(start) + self.away[row, limb] - matrix @ start)
        return out


def steady(numbers: np.ndarray, bodies: Body, maps: Iterable[list[Affine]], map_: Similarity) -> Steady:
    """From bodies (F, ...) of the frames `numbers` (F,), and the map of every limb (LIMBS,) in each, read once."""
    goes = np.empty_like(bodies.start)  # (F, LIMBS, 2)
    for row, *frame in zip(goes, maps, bodies.start, strict=True):
        row[:] = [m(p) for m, p in zip(*frame, strict=True)]
    means = (_around(numbers, values) for values in (bodies.start, bodies.end - bodies.start, goes - map_(bodies.start)))
    return Steady(numbers, *means)


def _around(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Weighted means of what is known among the frames around each, (F, LIMBS, 2)."""
    total, weights = np.zeros_like(values), np.zeros_like(values)
    for ahead in range(1 - len(FRAME_WEIGHTS), len(FRAME_WEIGHTS)):
        here = np.arange(max(0, -ahead), min(len(numbers), len(numbers) - ahead))
        here = here[np.abs(numbers[here + ahead] - numbers[here]) < len(FRAME_WEIGHTS)]
        there = values[here + ahead]
        weight = np.where(np.isfinite(there), FRAME_WEIGHTS[abs(ahead)], 0.0)
        total[here] += weight * np.nan_to_num(there)
        weights[here] += weight
    return np.where(weights > 0, total / np.where(weights > 0, weights, 1.0), np.nan)
