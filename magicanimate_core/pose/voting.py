"""Who wins a blurred pixel: the parts around it vote, each as much as it looks like what is seen there."""

from typing import NamedTuple

import numpy as np

from ..media.densepose import PART_COLOURS
from .judging import BRIGHT, COLOURED, Map
from .surroundings import fold

PARTS = len(PART_COLOURS)
NOBODY = np.uint8(99)  # in a map of votes: a pixel whose colour is of no part
VOTERS = (1, 2), (2, 1)  # who votes, rows and columns away: 5 x 5 pixels without the corners
AROUND = tuple(  # and as how much: a Gaussian of deviation 1.2
    (y, x, np.float32(np.exp(-(y * y + x * x) / 2.88)))
    for y, x in sorted(
        {(y, x) for down, across in VOTERS for y in range(-down, down + 1) for x in range(-across, across + 1)}
    )
)
LINE, IN_SMALL, PATCH = 0.1, 0.5, 1.0  # how much a pixel's vote counts: in a line, in 2 x 2, in 3 x 3 pixels of its part
SETTLED = 0.5  # of a pixel that was voted on, in the next round
BLIND_ROUNDS = 2  # where brightness tells nothing, and nobody judges after the vote
DOUBT = 0.1  # of the winner's votes: where all others have more together, it is not sure
VOTES_AT_ONCE = 4096  # pixels whose votes stay in the processor's cache


class Looks(NamedTuple):
    """The colours of parts as a codec sees them, and whether brightness tells them apart, too."""

    parts: np.ndarray  # (25, 3) float32: Y, Cb, Cr
    bright: bool = True


def weigh(parts: np.ndarray, trusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns how much each pixel's vote counts, (H, W) float32, and which pixels are voted on, (H, W) bool."""
    labels = np.where(trusted, parts, NOBODY)
    small, patch = _patches(labels, 2), _patches(labels, 3)
    weights = np.where(trusted, np.float32(LINE), np.float32(0))
    weights[_spread(small, 2, parts.shape)] = IN_SMALL
    weights[_spread(patch, 3, parts.shape)] = PATCH
    inside = np.zeros(parts.shape, bool)
    inside[1:-1, 1:-1] = patch
    _mirror_border(inside, trusted)
    return weights, ~inside


def _mirror_border(inside: np.ndarray, trusted: np.ndarray) -> None:
    """Pixels of the border have no whole neighbourhood: they are inside as their inner neighbours are."""
    if min(inside.shape) < 3:
        return
    inside[0], inside[-1] = inside[1] & trusted[0], inside[-2] & trusted[-1]
    inside[:, 0], inside[:, -1] = inside[:, 1] & trusted[:, 0], inside[:, -2] & trusted[:, -1]


def _patches(labels: np.ndarray, size: int) -> np.ndarray:
    """Where size x size pixels have one label, by their first corner; (H - size + 1, W - size + 1) or nothing."""
    height, width = (max(0, side - size + 1) for side in labels.shape)
    first = labels[:height, :width]
    same = first != NOBODY
    for dy in range(size):
        for dx in range(size):
            if dy or dx:
                same &= labels[dy : dy + height, dx : dx + width] == first
    return same


def _spread(corners: np.ndarray, size: int, shape: tuple[int, ...]) -> np.ndarray:
    """All pixels of the patches of `_patches`, (H, W) bool."""
    height, width = corners.shape
    whole = np.zeros(shape, bool)
    for dy in range(size):
        for dx in range(size):
            whole[dy : dy + height, dx : dx + width] |= corners
    return whole


def vote(ycc: np.ndarray, before: Map, at: np.ndarray, width: int, look: Looks) -> tuple[Map, np.ndarray]:
    """Returns the map after the N places `at` have gone where neighbours and colours say, and which of them are in doubt."""
    labels, counts = before.labels.copy(), before.trust.copy()
    around = [(y * width + x, nearness) for y, x, nearness in AROUND]
    doubtful = np.zeros(len(at), bool)
    for _ in range(1 if look.bright else BLIND_ROUNDS):
        won, rows = _unanimous(labels, counts, width)[at], labels.astype(np.intp) * VOTES_AT_ONCE
        voted_on = np.flatnonzero(won == PARTS)
        for i in range(0, len(voted_on), VOTES_AT_ONCE):
            some = voted_on[i : i + VOTES_AT_ONCE]
            won[some], doubtful[some] = _elect(_ballot(at[some], rows, counts, around), np.take(ycc, at[some], 1), look)
        decided = won < PARTS
        labels[at[decided]], counts[at[decided]] = won[decided], SETTLED
    return Map(labels, counts), doubtful | (labels[at] != before.labels[at])


def _unanimous(labels: np.ndarray, counts: np.ndarray, width: int) -> np.ndarray:
    """The part for which all vote around each pixel of a frame, (P,) uint8; 25 where they differ, or nobody votes."""
    voters = (counts > 0).reshape(-1, width)
    lowest, highest = (np.where(voters, labels.reshape(-1, width), nothing) for nothing in (NOBODY, np.uint8(0)))
    first = np.minimum(*(fold(np.minimum, lowest, reach, NOBODY) for reach in VOTERS))
    last = np.maximum(*(fold(np.maximum, highest, reach) for reach in VOTERS))
    return np.where(first == last, first, np.uint8(PARTS)).ravel()


def _ballot(at: np.ndarray, rows: np.ndarray, counts: np.ndarray, around: list[tuple[int, float]]) -> np.ndarray:
    """The votes that each part has at places (n,), (25, n) float32. Of the frame: where parts' rows begin, and counts."""
    votes, column = np.zeros(PARTS * VOTES_AT_ONCE, np.float32), np.arange(len(at))
    for step, nearness in around:
        voter = at + step
        votes[rows[voter] + column] += counts[voter] * nearness  # no place occurs twice
    return votes.reshape(PARTS, -1)[:, : len(at)]


def _elect(votes: np.ndarray, seen: np.ndarray, look: Looks) -> tuple[np.ndarray, np.ndarray]:
    """The part with the most votes (25, n), each times its likeness to what is seen (3, n); 25 where nobody voted.

    Also, where others come near it, (n,) bool.
    """
    standing = np.flatnonzero(votes.max(1))  # (S,)
    if not len(standing):
        return np.full(votes.shape[1], PARTS, np.uint8), np.zeros(votes.shape[1], bool)
    dim, blue, red = np.abs(seen[:, None] - np.ascontiguousarray(look.parts[standing].T)[..., None])  # (S, n) each
    unlike = np.maximum(blue, red) * np.float32(1 / COLOURED)
    if look.bright:
        unlike += dim * np.float32(1 / BRIGHT)
    votes = votes[standing] * np.exp(-np.minimum(unlike, 60))
    won, most = standing[votes.argmax(0)].astype(np.uint8), votes.max(0)
    won[most == 0] = PARTS
    return won, votes.sum(0) > (1 + DOUBT) * most
