"""Limbs that do not tremble: where they lie is taken from the frames around, too.

Joints are read off every frame anew and are off by a pixel or so; what moves a limb follows them. Pixels still go with
their own frame, so a dance loses nothing of its swing.
"""

from typing import NamedTuple

import numpy as np

from .joints import Body
from .limbs import TORSO

FRAME_WEIGHTS = (8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0)  # of a frame, of the next and last one, of those beyond
NEAR = 0.15  # lengths of the torso: what is farther off in another frame, has moved


class Steady(NamedTuple):
    """Means over the frames around each of F frames of a clip."""

    numbers: np.ndarray  # (F,) which frames, in order
    start: np.ndarray  # (F, LIMBS, 2) where limbs begin
    end: np.ndarray  # (F, LIMBS, 2) where they end

    def body(self, number: int, body: Body) -> Body:
        """Returns a body as it is around frame `number`; as it is, where that is none of these frames."""
        row = int(np.searchsorted(self.numbers, number))
        if row == len(self.numbers) or self.numbers[row] != number:
            return body
        return body._replace(start=self.start[row], end=self.end[row])


def steady(numbers: np.ndarray, bodies: Body) -> Steady:
    """From bodies (F, ...) of the frames `numbers` (F,)."""
    torso = bodies.length[:, TORSO]
    near = NEAR * float(np.median(torso[np.isfinite(torso)])) if np.isfinite(torso).any() else 0.0
    return Steady(numbers, *(_around(numbers, values, max(near, 0.5)) for values in (bodies.start, bodies.end)))


def _around(numbers: np.ndarray, values: np.ndarray, near: float) -> np.ndarray:
    """Means of points (F, LIMBS, 2) over the frames around each, in which they are near, pixels."""
    total, weights = np.zeros_like(values), np.zeros_like(values[..., :1])
    for ahead in range(1 - len(FRAME_WEIGHTS), len(FRAME_WEIGHTS)):
        here = np.arange(max(0, -ahead), min(len(numbers), len(numbers) - ahead))
        here = here[np.abs(numbers[here + ahead] - numbers[here]) < len(FRAME_WEIGHTS)]
        there = values[here + ahead]
        off = np.linalg.norm(there - values[here], axis=-1, keepdims=True)
        off = np.nan_to_num(off)  # 0: a frame does not know it itself
        weight = FRAME_WEIGHTS[abs(ahead)] * np.exp(-((off / near) ** 2)) * np.isfinite(there).all(-1, keepdims=True)
        total[here] += weight * np.nan_to_num(there)
        weights[here] += weight
    return np.where(weights > 0, total / np.where(weights > 0, weights, 1.0), np.nan)
