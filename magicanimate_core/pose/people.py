"""How many people a part map shows, as far as they are apart from each other."""

import numpy as np

CELLS = 64  # the map is looked at as so many cells a side, at most
LEAST_FIGURE = 0.15  # of the largest figure's cells: smaller ones are scraps


def people(parts: np.ndarray) -> int:
    """Returns the number of figures of a map (H, W)."""
    step = max(1, -(-max(parts.shape) // CELLS))
    cells = parts[::step, ::step] > 0
    number = np.where(cells, np.arange(1, cells.size + 1).reshape(cells.shape), 0)
    while True:  # every cell takes the highest number around it, until those of a figure have all the same
        padded = np.pad(number, 1)
        spread = np.maximum.reduce([
            padded[y : y + cells.shape[0], x : x + cells.shape[1]] for y in range(3) for x in range(3)
        ])  # fmt: skip
        spread = np.where(cells, spread, 0)
        if np.array_equal(spread, number):
            break
        number = spread
    sizes = np.unique(number[cells], return_counts=True)[1]
    return int((sizes >= max(2, LEAST_FIGURE * sizes.max())).sum()) if len(sizes) else 0
