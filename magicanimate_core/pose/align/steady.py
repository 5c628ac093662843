"""Limbs that do not tremble: where they lie is taken from the frames around, too.

Joints are read off every frame anew and are off by a pixel or so; what moves a limb follows them. Pixels still go with
their own frame, so a dance loses nothing of its swing.
"""

from typing import NamedTuple

import numpy as np

from .joints import Body

WEIGHTS = (1.0, 2.0, 1.0)  # of the last frame, the frame, the next one; means over more lag behind a quick dance


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
    start = _around(numbers, bodies.start)
    return Steady(numbers, start, start + _around(numbers, bodies.end - bodies.start))


def _around(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Weighted means of frames and both their neighbours, (F, LIMBS, 2); a frame itself where one of these is not known."""
    out = values.copy()
    if len(values) < 3:
        return out
    before, here, after = (weight * v for weight, v in zip(WEIGHTS, (values[:-2], values[1:-1], values[2:]), strict=True))
    mean = (before + here + after) / sum(WEIGHTS)
    known = np.isfinite(mean) & (numbers[2:] - numbers[:-2] == 2)[:, None, None]
    out[1:-1] = np.where(known, mean, values[1:-1])
    return out
