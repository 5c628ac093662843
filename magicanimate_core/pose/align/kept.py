"""What is kept of a clip's frames: a row of numbers each, in large blocks.

Small arrays that stay, laid between the large ones that come and go with every frame, tear memory into holes that nothing
large fits into: it then grows by whole frames. Blocks leave no holes.
"""

import numpy as np

from .joints import Body
from .limbs import LIMBS

KEPT_ROW = np.dtype(
    [
        ("people", np.uint8), ("apart", bool), ("front", float), ("start", float, (LIMBS, 2)), ("end", float, (LIMBS, 2)),
        ("width", float, (LIMBS,)), ("cut", bool, (LIMBS,)), ("box", float, (4,)), ("core", float, (4,)),
    ]
)  # fmt: skip
KEPT_AT_ONCE = 512  # rows


class Kept:
    """A table that grows at its end."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, people: int, apart: bool, front: float, body: Body | None) -> None:
        """Appends what is seen in a frame. None: nobody; the row then has no joints."""
        if self._count % KEPT_AT_ONCE == 0:
            self._blocks.append(np.zeros(KEPT_AT_ONCE, KEPT_ROW))
        row = self._blocks[-1][self._count % KEPT_AT_ONCE]
        row["people"], row["apart"], row["front"] = people, apart, front
        for name, values in (body or Body(*[np.nan] * 3, False, *[np.nan] * 2))._asdict().items():
            row[name] = values
        self._count += 1

    def rows(self) -> np.ndarray:
        """Returns all rows (F,) of KEPT_ROW."""
        return np.concatenate([*self._blocks, np.zeros(0, KEPT_ROW)])[: self._count]


def bodies(rows: np.ndarray) -> Body:
    """Returns the bodies (F, ...) of rows (F,)."""
    return Body(*(np.ascontiguousarray(rows[name]) for name in Body._fields))
