"""Who wins a blurred pixel: the parts around it vote, each as much as it looks like what is seen there."""

import numpy as np

from .polling import MARGIN, PARTS, WINDOW, Looks, Map, at_once, poll
from .surroundings import fold

NOBODY = np.uint8(99)  # in a map of votes: a pixel whose colour is of no part
LINE, IN_SMALL, PATCH = 1, 5, 10  # tenths that a pixel's vote counts: in a line, in 2 x 2, in 3 x 3 pixels of its part
SETTLED = 5  # of a pixel that was voted on, when it is judged
ELECTABLE = 4  # parts around a pixel of which one is elected
DOUBT = 0.07  # of the winner's votes: where all others have more together, it is not sure


def weigh(parts: np.ndarray, trusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns how many tenths each pixel's vote counts, (H, W) uint8, and which pixels are voted on, (H, W) bool."""
    twos = _twos(parts, trusted)  # (H - 1, W - 1)
    threes = twos[:-1, :-1] & twos[:-1, 1:] & twos[1:, :-1] & twos[1:, 1:]  # (H - 2, W - 2)
    weights = trusted * np.uint8(LINE)
    for whole, count in ((twos, IN_SMALL), (threes, PATCH)):
        np.maximum(weights, _spread(whole, parts.shape) * np.uint8(count), out=weights)
    inside = np.zeros(parts.shape, bool)
    inside[1:-1, 1:-1] = threes
    _mirror_border(inside, trusted)
    return weights, ~inside


def _mirror_border(inside: np.ndarray, trusted: np.ndarray) -> None:
    """Pixels of the border have no whole neighbourhood: they are inside as their inner neighbours are."""
    if min(inside.shape) < 3:
        return
    inside[0], inside[-1] = inside[1] & trusted[0], inside[-2] & trusted[-1]
    inside[:, 0], inside[:, -1] = inside[:, 1] & trusted[:, 0], inside[:, -2] & trusted[:, -1]


def _twos(parts: np.ndarray, trusted: np.ndarray) -> np.ndarray:
    """Where 2 x 2 pixels are of one part, by their first corner; (H - 1, W - 1), or nothing."""
    across = (parts[:, 1:] == parts[:, :-1]) & trusted[:, 1:] & trusted[:, :-1]
    return across[1:] & across[:-1] & (parts[1:, 1:] == parts[:-1, 1:])


def _spread(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """All pixels (H, W) bool of squares, which stand by their first corners."""
    (height, width), size = corners.shape, shape[0] - corners.shape[0] + 1
    whole = np.zeros(shape, bool)
    for y in range(size):
        whole[y : y + height, :width] |= corners
    for _ in range(size - 1):
        whole[:, 1:] |= whole[:, :-1]
    return whole


def vote(ycc: np.ndarray, before: Map, at: np.ndarray, look: Looks) -> tuple[Map, np.ndarray]:
    """Returns the map after the N places `at` have gone where neighbours and colours say, and which of them are in doubt."""
    won, doubtful = _unanimous(before).ravel()[at], np.zeros(len(at), bool)
    voted_on = np.flatnonzero(won == PARTS)
    for some in (voted_on[part] for part in at_once(len(voted_on))):
        won[some], doubtful[some] = _elect(before, at[some], ycc, look)
    decided = won < PARTS
    after = before.having(at[decided], won[decided], SETTLED)
    return after, doubtful | (after.at(at).labels != before.at(at).labels)


def _elect(held: Map, at: np.ndarray, ycc: np.ndarray, look: Looks) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest part at flat places (n,), 25 where nobody votes; also, where others come near it, (n,) bool."""
    windows = held.at(at + (WINDOW @ (held.labels.shape[1], 1))[:, None])
    parts, likely = poll(windows, ycc.take(at, 1), look, ELECTABLE)
    return np.where(likely[0] > 0, parts[0], np.uint8(PARTS)), likely.sum(0) > (1 + DOUBT) * likely[0]


def _unanimous(held: Map) -> np.ndarray:
    """The part for which all vote around each pixel of a map, (H, W) uint8; 25 where they differ, or nobody votes."""
    voters, reach = held.trust > 0, (MARGIN, MARGIN)
    lowest, highest = (np.where(voters, held.labels, nothing) for nothing in (NOBODY, np.uint8(0)))
    first, last = fold(np.minimum, lowest, reach, NOBODY), fold(np.maximum, highest, reach)
    return np.where(first == last, first, np.uint8(PARTS))
