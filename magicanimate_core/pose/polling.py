"""Which parts stand in the windows around pixels of a part map, how many votes they have, and which are likely there."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..media.densepose import PART_COLOURS

PARTS = len(PART_COLOURS)
MARGIN = 2  # pixels around a frame: so far a window reaches
CLOSE = 13  # of a window, the first ones: a square on its tip
WINDOW = np.array(  # (25, 2): the close ones by rows, then the corners
    sorted(
        ((y, x) for y in range(-MARGIN, MARGIN + 1) for x in range(-MARGIN, MARGIN + 1)),
        key=lambda place: (abs(place[0]) + abs(place[1]) > MARGIN, place),
    )
)
CENTRE = CLOSE // 2
NEARNESS = np.array([4, 3, 1], np.uint8)[np.abs(WINDOW)].prod(1, dtype=np.uint8)  # (25,): a Gaussian, in whole numbers
UNITS = np.array([[7.0], [24.0], [24.0]], np.float32)  # of Y, Cb, Cr: grey levels over which a likeness falls to 1 / e
POLLED_AT_ONCE = 4096  # pixels whose windows stay in the processor's cache


class Map(NamedTuple):
    """Parts, and how many tenths each is trusted, of a frame with a margin, (H, W) uint8 both."""

    labels: np.ndarray
    trust: np.ndarray

    def at(self, places: np.ndarray) -> "Map":
        """Returns both at flat places."""
        return Map(self.labels.ravel()[places], self.trust.ravel()[places])

    def having(self, places: np.ndarray, parts: np.ndarray, trust: int) -> "Map":
        """Returns a map with other parts at flat places (N,), trusted by so many tenths."""
        changed = Map(self.labels.copy(), self.trust.copy())
        changed.labels.ravel()[places], changed.trust.ravel()[places] = parts, trust
        return changed


class Looks(NamedTuple):
    """The colours of parts as a codec sees them, and whether brightness tells them apart, too."""

    parts: np.ndarray  # (25, 3) float32: Y, Cb, Cr in UNITS
    bright: bool = True


def at_once(count: int) -> Iterator[slice]:
    """Gives the numbers to `count`, some at a time."""
    yield from (slice(start, start + POLLED_AT_ONCE) for start in range(0, count, POLLED_AT_ONCE))


def poll(
    windows: Map, seen: np.ndarray, look: Looks, candidates: int, barred: Sequence[np.ndarray] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the likeliest parts of windows (25, n) first, (K, n) uint8, and how likely they are, (K, n) float32.

    Candidates, K, are those with the strongest single vote; likely is who has many votes, times the likeness to what is
    seen, (3, n). barred: parts (n,) that are none; where too few stand, the others are 0 and not likely at all.
    """
    labels, votes = windows.labels, windows.trust * NEARNESS[:, None]  # (25, n)
    for part in barred:
        votes *= labels != part
    keys = votes.astype(np.uint16) << 8 | labels
    parts, counts = np.zeros((candidates, labels.shape[1]), np.uint8), np.zeros((candidates, labels.shape[1]), np.float32)
    for i in range(candidates):
        strongest = keys.max(0)
        parts[i] = strongest  # without its upper half
        same = labels == parts[i]
        counts[i] = np.where(strongest > 0, (votes * same).sum(0, np.uint16), 0)
        keys *= ~same
    return _ranked(parts, counts * likeness(seen, look.parts.T.take(parts, 1), look.bright))


def _ranked(parts: np.ndarray, likely: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts and how likely they are (K, n), the likeliest first.

    Parts stand in the last bits meanwhile: numbers that are not negative sort as their bits do.
    """
    keys = likely.view(np.int32) & ~31 | parts
    for end in range(len(keys) - 1, 0, -1):
        for i in range(end):
            keys[i], keys[i + 1] = np.maximum(keys[i], keys[i + 1]), np.minimum(keys[i], keys[i + 1])
    return (keys & 31).astype(np.uint8), (keys & ~31).view(np.float32)


def likeness(seen: np.ndarray, levels: np.ndarray, bright: bool) -> np.ndarray:
    """Returns how like colours (3, K, n) is what is seen (3, n), from 1 to nearly 0, (K, n) float32; all in UNITS."""
    dim, blue, red = np.abs(seen[:, None] - levels)
    unlike = np.maximum(blue, red)
    if bright:
        unlike += dim
    return np.exp(-np.minimum(unlike, 60))
