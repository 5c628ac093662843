"""What lies around every pixel of a map: rows first, then columns, so that a window of any size is a few whole maps.

And what its channels have in common: numpy takes whole channels in a fraction of the time of three values at a time.
"""

from functools import reduce

import numpy as np


def fold(how: np.ufunc, values: np.ndarray, reach: tuple[int, int], beyond: int = 0) -> np.ndarray:
    """Returns np.maximum, np.minimum or np.add of all values (H, W) up to `reach` rows and columns away, (H, W).

    beyond: what lies outside of the picture. The type stays: the sum of uint8 must not be above 255.
    """
    (rows, columns), (height, width) = reach, values.shape
    padded = np.pad(values, ((rows, rows), (columns, columns)), constant_values=beyond)
    across = reduce(how, (padded[i : i + height] for i in range(2 * rows + 1)))  # (H, W + 2 * columns)
    return reduce(how, (across[:, i : i + width] for i in range(2 * columns + 1)))


def channels(how: np.ufunc, values: np.ndarray) -> np.ndarray:
    """Returns np.maximum, np.minimum or np.add of the last axis of values (..., C), (...)."""
    return reduce(how, (values[..., i] for i in range(values.shape[-1])))
