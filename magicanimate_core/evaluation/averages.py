"""Means over all frames, per video, and how sure they are: whole videos are drawn anew, because frames of one are alike."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

DRAWS, LEVEL = 2000, 0.95  # of the bootstrap: how often a set is drawn anew, and how many of the means lie in an interval


class Means(NamedTuple):
    """Means by key; nan where no frame has a value."""

    overall: dict[str, float]
    videos: dict[str, dict[str, float]]
    intervals: dict[str, tuple[float, float]]  # low, high; none of a single video
    left_out: dict[str, int]  # frames without a value, where there are some


def means(values: Mapping[str, np.ndarray], keys: Sequence[str], seed: int) -> Means:
    """Averages the values of frames, (F, K) by video with nan where a metric is not defined: over all frames, so that a long
    video weighs more.

    Intervals are percentiles of the mean over `DRAWS` sets of as many videos, drawn with replacement.
    """
    sums = np.array([np.nansum(of, axis=0) for of in values.values()]).reshape(len(values), len(keys))  # (V, K)
    counts = np.array([np.isfinite(of).sum(axis=0) for of in values.values()]).reshape(len(values), len(keys))  # (V, K)
    frames = sum(len(of) for of in values.values())
    return Means(
        overall=_named(keys, _ratio(sums.sum(0), counts.sum(0))),
        videos={name: _named(keys, row) for name, row in zip(values, _ratio(sums, counts), strict=True)},
        intervals=_intervals(sums, counts, keys, seed) if len(values) > 1 else {},
        left_out={key: frames - int(count) for key, count in zip(keys, counts.sum(0), strict=True) if count < frames},
    )


def _ratio(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(sums, counts, out=np.full(np.shape(sums), math.nan), where=counts > 0)


def _named(keys: Sequence[str], row: np.ndarray) -> dict[str, float]:
    return dict(zip(keys, row.tolist(), strict=True))


def _intervals(sums: np.ndarray, counts: np.ndarray, keys: Sequence[str], seed: int) -> dict[str, tuple[float, float]]:
    """Percentiles of the mean over drawn videos. sums, counts: (V, K)."""
    generator, count = np.random.default_rng(seed), len(sums)
    drawn = np.empty((DRAWS, len(keys)))
    for draw in drawn:
        times = np.bincount(generator.integers(count, size=count), minlength=count)  # (V,) how often each video is in
        draw[:] = _ratio(times @ sums, times @ counts)
    known = [i for i in range(len(keys)) if np.isfinite(drawn[:, i]).any()]
    tails = (1 - LEVEL) / 2
    return {keys[i]: tuple(np.nanquantile(drawn[:, i], [tails, 1 - tails]).tolist()) for i in known}
