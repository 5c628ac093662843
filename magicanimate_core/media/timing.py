"""When frames are shown: clips whose frames last unequally long, at a constant rate and at any other.

edges: (F + 1,) seconds, ascending from 0, at which the frames of a clip begin; the last one is its end.
"""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

DEFAULT_FPS = 25.0  # of videos that do not say, of folders of pictures; the published clips have it
COMMON_RATES = [
    Fraction(n, d) for n, d in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (50, 1), (60000, 1001), (60, 1))
]
FASTEST = 60  # frames per second that a clip of unequal frames is brought to, at most


def even_edges(count: int, fps: float | Fraction) -> np.ndarray:
    """Returns the edges of frames that all last equally long, (count + 1,) seconds."""
    return np.arange(count + 1) / float(fps)


def is_even(edges: np.ndarray, rate: float | Fraction) -> bool:
    """Whether frame i of a clip is the one nearest to i / rate seconds, for every frame: then it has that constant rate."""
    return bool(np.abs(edges * float(rate) - np.arange(len(edges))).max() < 0.5)


def constant_rate(edges: np.ndarray, said: Iterable[Fraction | None]) -> Fraction:
    """Returns the frames per second of a clip, or those at which a clip of unequal frames loses none of its quick ones.

    said: what the file says, the best first. It counts where the frames' times agree.
    """
    mean = Fraction((len(edges) - 1) / edges[-1]).limit_denominator(1001)
    for rate in (*said, mean):
        if rate and is_even(edges, rate):
            return rate
    lasting = np.diff(edges)
    quick = lasting[lasting <= 1.25 * np.quantile(lasting, 0.1, method="lower")]
    rate = min(float(1 / quick.mean()), FASTEST)
    nearest = min(COMMON_RATES, key=lambda common: abs(common - rate))
    return nearest if abs(nearest / rate - 1) < 0.01 else Fraction(rate).limit_denominator(1001)


def shown(edges: np.ndarray, rate: float | Fraction) -> list[int]:
    """Lists the frames that a clip shows at a constant rate, from its beginning to its end.

    A frame is shown until the next one begins; beginnings are rounded to whole frames of the result. Those of a clip that
    has this rate are all frames, once each.

    >>> shown(np.array([0, 0.04, 0.08, 0.2]), 25)
    [0, 1, 2, 2, 2]
    """
    if is_even(edges, rate):
        return list(range(len(edges) - 1))
    begin = np.floor(edges * float(rate) + 0.5).astype(int)
    return (np.searchsorted(begin[:-1], np.arange(max(begin[-1], 1)), side="right") - 1).tolist()


def nearest(edges: np.ndarray, rate: float) -> list[int]:
    """Lists the frames whose beginnings are nearest in time to k / rate seconds, as long as the last frame lasts.

    >>> nearest(even_edges(7, 30), 15)
    [0, 2, 4, 6]
    """
    begins = edges[:-1]
    end = max(begins[-1], edges[-1] - (np.median(np.diff(begins)) if len(begins) > 1 else np.inf))
    times = np.arange(int(end * rate + 1e-6) + 1) / rate
    later = np.searchsorted(begins, times).clip(1, len(begins) - 1) if len(begins) > 1 else np.zeros(len(times), int)
    earlier = (later - 1).clip(0)
    return np.where(times - begins[earlier] < begins[later] - times - 1e-9, earlier, later).tolist()
