"""Part maps whose colours a codec or a resize blurred, made sharp again.

Between two parts lies the colour of a third one: a blurred pixel goes to that part of its neighbourhood which it looks like
most. Whole patches of a colour count for more than thin lines, which may be such blends. Where the vote is close, or against
the nearest colour, a small net judges (judging.py).
"""

from typing import NamedTuple

import numpy as np

from .judging import ONCE_JUDGED, Case, judge, product
from .polling import MARGIN, UNITS, Looks, Map
from .voting import vote, weigh

YCC = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)  # rows: Y, Cb, Cr
SAMPLED = 5  # every fifth pixel tells how noisy a frame is


class Seen(NamedTuple):
    """A frame as its colours tell: parts (H, W) uint8, trusted (H, W) bool: the colour is near the part's own.

    exact: no codec and no resize has touched it.
    """

    parts: np.ndarray
    trusted: np.ndarray
    exact: bool = False


def looks(colours: np.ndarray, bright: bool = True) -> Looks:
    """Returns how parts of colours (25, 3) RGB look."""
    return Looks(colours.astype(np.float32) @ (YCC / UNITS).T, bright)


def snap(rgb: np.ndarray, seen: Seen, look: Looks) -> np.ndarray:
    """Returns the part map (H, W) uint8 of a blurred frame (H, W, 3) uint8 RGB. An exact one comes back as it is seen."""
    box = None if seen.exact else figure_box(seen)
    if box is None:
        return seen.parts
    case = case_of(rgb, seen, box, look)
    whole = seen.parts.copy()
    held = case.voted.having(case.at, judge(case, look), ONCE_JUDGED)
    whole[box] = held.labels[MARGIN:-MARGIN, MARGIN:-MARGIN]
    return whole


def case_of(rgb: np.ndarray, seen: Seen, box: tuple[slice, slice], look: Looks) -> Case:
    """Returns what is to be judged of a frame within a box, after its neighbours have voted."""
    weights, voted_on = weigh(seen.parts[box], seen.trusted[box])
    weights, voted_on, parts = (np.pad(values, MARGIN) for values in (weights, voted_on, seen.parts[box]))
    before, at = Map(parts, weights), np.flatnonzero(voted_on)  # (N,) places, as all
    padded = np.pad(rgb[box], ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
    ycc = product(YCC / UNITS, padded.astype(np.float32).reshape(-1, 3).T)  # (3, P)
    voted, doubtful = vote(ycc, before, at, look)
    noise = _noise(ycc, before, voted_on, look)
    at = at[doubtful]
    row, column = np.divmod(at, parts.shape[1])
    odd = (row - MARGIN + box[0].start) % 2 * 2 + (column - MARGIN + box[1].start) % 2
    return Case(ycc, before, voted, at, odd, noise)


def _noise(ycc: np.ndarray, held: Map, voted_on: np.ndarray, look: Looks) -> np.ndarray:
    """How far Y and Cb are from the parts' where colours are trusted: inside parts and at their seams; (4,) grey levels."""
    labels = held.labels.ravel()[::SAMPLED]
    figure, seam = (labels > 0) & (held.trust.ravel()[::SAMPLED] > 0), voted_on.ravel()[::SAMPLED]
    found = []
    for some, few in ((figure & ~seam, (1.5, 1.0)), (figure & seam, (2.0, 2.0))):
        some = np.flatnonzero(some)
        off = np.abs(ycc[:2, SAMPLED * some] - look.parts[labels[some], :2].T) * UNITS[:2]
        found += list(off.mean(1)) if len(some) > 12 else few
    return np.array(found, np.float32)


def figure_box(seen: Seen) -> tuple[slice, slice] | None:
    """The box around all that is not surely background, with a margin; None where there is nothing."""
    return _box((seen.parts > 0) | ~seen.trusted, margin=6)


def _box(mask: np.ndarray, margin: int) -> tuple[slice, slice] | None:
    """The box around the true pixels of a mask (H, W)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return (
        slice(max(0, rows[0] - margin), rows[-1] + 1 + margin),
        slice(max(0, columns[0] - margin), columns[-1] + 1 + margin),
    )
