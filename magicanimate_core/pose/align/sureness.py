"""How sure a measurement is, and how much of it is followed: nothing within its doubt, nearly all where it lies far beyond.

A measurement is a value with its spread (one standard deviation). Where a photo shows another pose than the clip, it is
taken for one more frame of the clip: what the clip's own frames spread is what the photo may be off.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

SURE = 2.0  # spreads within which nothing is followed
GAUSS = 1.4826  # median distance from the median -> standard deviation


class Measured(NamedTuple):
    """A value and its spread, in one unit."""

    value: float
    spread: float

    def agrees(self, other: "Measured", times: float = SURE) -> bool:
        """Whether two may be of one thing: they lie within so many spreads."""
        return abs(self.value - other.value) <= times * float(np.hypot(self.spread, other.spread))

    @property
    def followed(self) -> float:
        """The part of the value that is surely better than nothing: 0 within SURE spreads, then more and more of it."""
        doubt = SURE * self.spread
        return 0.0 if abs(self.value) <= doubt else self.value * (1 - (doubt / self.value) ** 2)


def against(clip: np.ndarray, photo: np.ndarray, least: float) -> Measured | None:
    """The photo's value against the middle of a clip's (F,); least: the spread where the clip has none. None: unknown."""
    known = clip[np.isfinite(clip)]
    if not len(known) or not np.isfinite(photo):
        return None
    return Measured(float(photo) - float(np.median(known)), float(np.hypot(least, spread_of(known))))


def spread_of(values: np.ndarray) -> float:
    """Returns the spread of values (N,), whatever a few of them are."""
    return GAUSS * float(np.median(np.abs(values - np.median(values))))


def together(measured: Iterable[Measured | None]) -> Measured | None:
    """Several measurements of one thing as one; it is less sure where they contradict each other. None: there are none."""
    known = [one for one in measured if one is not None]
    if not known:
        return None
    value, spread = (np.array(column) for column in zip(*known, strict=True))
    weight = spread**-2.0
    mean = float((weight * value).sum() / weight.sum())
    apart = float((weight * (value - mean) ** 2).sum() / max(1, len(known) - 1))
    return Measured(mean, float(np.sqrt(max(1.0, apart) / weight.sum())))
