"""Part maps whose colours a codec or a resize blurred, made sharp again.

Between two parts lies the colour of a third one: a blurred pixel goes to that part of its neighbourhood which it looks like
most. Whole patches of a colour count for more than thin lines, which may be such blends. Where the vote is close, or against
the nearest colour, a small net judges (judging.py), if brightness tells parts apart.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ..media.densepose import PART_COLOURS
from .judging import BRIGHT, COLOURED, MARGIN, Case, Map, judge

PARTS = len(PART_COLOURS)
NOBODY = np.uint8(99)  # in a map of votes: a pixel whose colour is of no part
# Who votes: 5 x 5 pixels without the corners
REACH = np.array([[abs(y * x) < 4 for x in range(-2, 3)] for y in range(-2, 3)], np.uint8)
AROUND = tuple(  # and as how much: a Gaussian of deviation 1.2
    (y - 2, x - 2, np.float32(np.exp(-((y - 2) ** 2 + (x - 2) ** 2) / 2.88))) for y, x in np.argwhere(REACH).tolist()
)
LINE, IN_SMALL, PATCH = 0.1, 0.5, 1.0  # how much a pixel's vote counts: in a line, in 2 x 2, in 3 x 3 pixels of its part
SETTLED = 0.5  # of a pixel that was voted on, in the next round
BLIND_ROUNDS = 2  # where brightness tells nothing, and nobody judges after the vote
DOUBT = 0.25  # of the winner's votes: where all others have more together, it is not sure
VOTES_AT_ONCE = 4096  # pixels whose votes stay in the processor's cache
YCC = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)  # rows: Y, Cb, Cr


class Seen(NamedTuple):
    """A frame as its colours tell: parts (H, W) uint8, trusted (H, W) bool: the colour is near the part's own.

    exact: no codec and no resize has touched it.
    """

    parts: np.ndarray
    trusted: np.ndarray
    exact: bool = False


class Looks(NamedTuple):
    """The colours of parts as a codec sees them, and whether brightness tells them apart, too."""

    parts: np.ndarray  # (25, 3) float32: Y, Cb, Cr
    bright: bool = True


def looks(colours: np.ndarray, bright: bool = True) -> Looks:
    """Returns the looks of colours (25, 3) RGB."""
    return Looks(colours.astype(np.float32) @ YCC.T, bright)


def snap(rgb: np.ndarray, seen: Seen, look: Looks) -> np.ndarray:
    """Returns the part map (H, W) uint8 of a blurred frame (H, W, 3) uint8 RGB. An exact one comes back as it is seen."""
    box = None if seen.exact else figure_box(seen)
    if box is None:
        return seen.parts
    case = case_of(rgb, seen, box, look)
    labels = case.voted.labels
    if look.bright:
        labels[case.at] = judge(case, look.parts)
    whole = seen.parts.copy()
    whole[box] = labels.reshape(-1, case.width)[MARGIN:-MARGIN, MARGIN:-MARGIN]
    return whole


def case_of(rgb: np.ndarray, seen: Seen, box: tuple[slice, slice], look: Looks) -> Case:
    """Returns what is to be judged of a frame within a box, after its neighbours have voted."""
    parts = seen.parts[box]
    weights, open_ = _weights(parts, seen.trusted[box])
    before = Map(np.pad(parts, MARGIN).ravel(), np.pad(weights, MARGIN).ravel())
    at, width = np.flatnonzero(np.pad(open_, MARGIN)), parts.shape[1] + 2 * MARGIN  # (N,), as all places
    padded = np.pad(rgb[box], ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
    ycc = np.ascontiguousarray(cv2.transform(padded.astype(np.float32), YCC).reshape(-1, 3).T)  # (3, P); in this thread
    voted, doubtful = _vote(ycc, before, at, width, look)
    noise = _noise(ycc, before, at, look)
    at = at[doubtful]
    row, column = np.divmod(at, width)
    odd = (row - MARGIN + box[0].start) % 2 * 2 + (column - MARGIN + box[1].start) % 2
    return Case(ycc, width, before, voted, at, odd, noise)


def _noise(ycc: np.ndarray, held: Map, at: np.ndarray, look: Looks) -> np.ndarray:
    """How far Y and Cb are from the parts' where colours are trusted: inside parts and at their seams; (4,) grey levels."""
    figure = (held.labels > 0) & (held.trust > 0)
    seam = at[figure[at]]
    figure[at] = False
    found = []
    for some, few in ((np.flatnonzero(figure), (1.5, 1.0)), (seam, (2.0, 2.0))):
        some = some[::4]
        off = np.abs(ycc[:2, some] - look.parts[held.labels[some], :2].T)
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


def _weights(parts: np.ndarray, trusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much each pixel's vote counts, (H, W) float32, and which pixels are voted on, (H, W) bool."""
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


def _vote(ycc: np.ndarray, before: Map, at: np.ndarray, width: int, look: Looks) -> tuple[Map, np.ndarray]:
    """The map after the N places `at` have gone where neighbours and colours say, and which of them are in doubt."""
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
    first = cv2.erode(np.where(voters, labels.reshape(-1, width), NOBODY), REACH)
    last = cv2.dilate(np.where(voters, labels.reshape(-1, width), np.uint8(0)), REACH)
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
