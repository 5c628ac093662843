"""Part maps over time: labels that flicker are calmed, and frames in which nobody was found are made from their neighbours.

Maps are (H, W) uint8, in order; of a clip of any length, five are in memory.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from .surroundings import fold

CALM_REACH = 4  # pixels: how much moves is told from 9 x 9
LONGEST = 25  # frames: who is away for longer has left
NOBODY_SHARE = 0.0005  # of a frame's pixels: fewer are no person
ALIKE = 1.5  # sizes of two figures that may be one, in different frames


def is_empty(parts: np.ndarray) -> bool:
    """Whether a map (H, W) shows nobody."""
    return np.count_nonzero(parts) < max(1, NOBODY_SHARE * parts.size)


def steadied(maps: Iterable[np.ndarray], steady: float) -> Iterator[np.ndarray]:
    """Calms labels that flicker inside a figure that hardly moves. 0: every map comes back as it is; 1: most.

    A pixel follows the frames around it where those agree: the two beside it, above 0.5 also three of four.
    """
    if not steady:
        yield from maps
        return
    reach = 2 if steady > 0.5 else 1
    window: deque[np.ndarray] = deque(maxlen=2 * reach + 1)
    for parts in _with_ends(maps, reach):
        window.append(parts)
        if len(window) == window.maxlen:
            yield _calmed(list(window), steady)


def _with_ends(maps: Iterable[np.ndarray], reach: int) -> Iterator[np.ndarray]:
    """Maps with the first and the last one repeated, for the windows of both."""
    last = None
    for parts in maps:
        if last is None:
            yield from [parts] * reach
        yield parts
        last = parts
    if last is not None:
        yield from [last] * reach


def _calmed(window: list[np.ndarray], steady: float) -> np.ndarray:
    """The map in the middle of a window, (H, W), after the vote of the others."""
    middle = len(window) // 2
    now, before, after = window[middle], window[middle - 1], window[middle + 1]
    if now.shape != before.shape or now.shape != after.shape:
        return now
    agreed = np.where(before == after, before, now)
    if len(window) == 5:
        first, last = window[0], window[4]
        three = (first == last) & ((first == before) | (first == after)) & (before != after)
        agreed = np.where(three, first, agreed)
    flickers = (agreed != now) & ((agreed > 0) == (now > 0))  # a thin arm that moves fast is no flicker
    if not flickers.any():
        return now
    calm = _mean(before != after) <= 0.5 * steady
    return np.where(flickers & calm, agreed, now)


def _mean(mask: np.ndarray) -> np.ndarray:
    """The share of true pixels of a mask (H, W) in 9 x 9 around each; none lie beyond the border."""
    count = fold(np.add, mask.view(np.uint8), (CALM_REACH, CALM_REACH))  # at most 81
    return count.astype(np.float32) / (2 * CALM_REACH + 1) ** 2


def filled(maps: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, bool]]:
    """Gives every map, and whether it was made because nobody was found; it runs 26 maps ahead at most.

    In a gap, the nearer neighbour moves along the way between both. A gap of more than 25 frames stays empty.
    """
    seen: np.ndarray | None = None
    gap: list[np.ndarray] = []  # as long as it may still be filled
    for parts in maps:
        if not is_empty(parts):
            yield from _bridge(seen, parts, gap)
            seen, gap = parts, []
            yield parts, False
        elif len(gap) <= LONGEST:
            gap.append(parts)
            if len(gap) > LONGEST:  # nothing fills it any more, so nothing waits for its end
                yield from ((empty, False) for empty in gap)
        else:
            yield parts, False
    yield from _bridge(seen, None, gap)


def _bridge(
    before: np.ndarray | None, after: np.ndarray | None, gap: list[np.ndarray]
) -> Iterator[tuple[np.ndarray, bool]]:  # fmt: skip
    """The maps of a gap between two (None: the clip's end); nothing where it is so long that they are given already."""
    ends = [end for end in (before, after) if end is not None]
    if len(gap) > LONGEST:
        return
    for number, empty in enumerate(gap, 1):
        share = number / (len(gap) + 1)
        if not ends:
            yield empty, False
            continue
        near = ends[0] if share <= 0.5 else ends[-1]
        yield (_moved(near, _box(ends[0]), _box(ends[-1]), share) if len(ends) == 2 else near), True


def _box(parts: np.ndarray) -> np.ndarray:
    """Top, left, bottom, right of a map's figure, (4,) float; bottom and right are behind it."""
    rows, columns = np.flatnonzero(parts.any(1)), np.flatnonzero(parts.any(0))
    return np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1], float)


def _moved(parts: np.ndarray, first: np.ndarray, last: np.ndarray, share: float) -> np.ndarray:
    """A map's figure in a box between two; as it is where these are so different that they show different people."""
    sizes = (last[2:] - last[:2]) / (first[2:] - first[:2])
    if max(sizes.max(), 1 / sizes.min()) > ALIKE:
        return parts
    source, goal = _box(parts), first + share * (last - first)
    scale = (source[2:] - source[:2]) / (goal[2:] - goal[:2])
    rows, columns = (
        np.floor((np.arange(side) + 0.5 - goal[axis]) * scale[axis] + source[axis]).astype(int)
        for axis, side in enumerate(parts.shape)
    )
    there = ((rows >= 0) & (rows < parts.shape[0]))[:, None] & ((columns >= 0) & (columns < parts.shape[1]))
    return np.where(there, parts[rows.clip(0, parts.shape[0] - 1)][:, columns.clip(0, parts.shape[1] - 1)], 0).astype(
        np.uint8
    )
