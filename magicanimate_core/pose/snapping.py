"""Part maps whose colours a codec or a resize blurred, made sharp again.

Between two parts lies the colour of a third one: a blurred pixel goes to that part of its neighbourhood which it looks like
most. Whole patches of a colour count for more than thin lines, which may be such blends.
"""

from typing import NamedTuple

import numpy as np

from ..media.densepose import PART_COLOURS

PARTS = len(PART_COLOURS)
NOBODY = np.uint8(99)  # in a map of votes: a pixel whose colour is of no part
AROUND = tuple(
    (y, x, np.float32(np.exp(-(y * y + x * x) / 2.88))) for y in range(-2, 3) for x in range(-2, 3) if abs(y * x) < 4
)
REACH = 2  # pixels: who votes is within 5 x 5 pixels, without the corners, and counts as a Gaussian of deviation 1.2 says
BRIGHT, COLOURED = 7.0, 24.0  # grey levels of brightness and of colour over which a likeness falls to 1 / e
LINE, SMALL, PATCH = 0.1, 0.5, 1.0  # how much a pixel's vote counts: in a line, in 2 x 2, in 3 x 3 pixels of its part
SETTLED = 0.5  # of a pixel that was voted on, in the next round
ROUNDS = 2
CHUNK = 8192  # pixels whose votes stay in the processor's cache
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
    box = None if seen.exact else _figure(seen)
    if box is None:
        return seen.parts
    parts, trusted = seen.parts[box], seen.trusted[box]
    weights, open_ = _weights(parts, trusted)
    if not open_.any():
        return seen.parts
    whole = seen.parts.copy()
    whole[box] = _vote(rgb[box], parts, weights, open_, look)
    return whole


def _figure(seen: Seen) -> tuple[slice, slice] | None:
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
    weights[_spread(small, 2, parts.shape)] = SMALL
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


def _vote(rgb: np.ndarray, parts: np.ndarray, weights: np.ndarray, open_: np.ndarray, look: Looks) -> np.ndarray:
    """Parts (H, W) after the N open pixels have gone where their neighbours and their colours say."""
    width = parts.shape[1] + 2 * REACH
    at = np.flatnonzero(np.pad(open_, REACH))  # (N,), as all places, in a frame with a margin
    labels, counts = np.pad(parts, REACH).astype(np.intp).ravel(), np.pad(weights, REACH).ravel()
    seen = rgb[open_].astype(np.float32) @ YCC.T  # (N, 3)
    around = [(y * width + x, nearness) for y, x, nearness in AROUND]
    for _ in range(ROUNDS):
        won = np.concatenate([
            _elect(_ballot(at[i : i + CHUNK], labels, counts, around), seen[i : i + CHUNK], look)
            for i in range(0, len(at), CHUNK)
        ])  # fmt: skip
        decided = won < PARTS
        labels[at[decided]], counts[at[decided]] = won[decided], SETTLED
    return labels.reshape(-1, width)[REACH:-REACH, REACH:-REACH].astype(np.uint8)


def _ballot(at: np.ndarray, labels: np.ndarray, counts: np.ndarray, around: list[tuple[int, float]]) -> np.ndarray:
    """The votes that each part has at places (n,) among labels and counts of a whole frame, (n * 25,) float32."""
    votes = np.zeros(len(at) * PARTS, np.float32)
    first = np.arange(0, len(votes), PARTS)
    for step, nearness in around:
        voter = at + step
        votes[first + labels[voter]] += counts[voter] * nearness  # no place occurs twice
    return votes


def _elect(votes: np.ndarray, seen: np.ndarray, look: Looks) -> np.ndarray:
    """The part with the most votes (N * 25,), each times its likeness to what is seen (N, 3); 25 where nobody voted."""
    standing = np.flatnonzero(votes)
    pixel, part = np.divmod(standing, PARTS)
    off = np.abs(seen[pixel] - look.parts[part])  # (votes that are not 0, 3)
    unlike = np.maximum(off[:, 1], off[:, 2]) / np.float32(COLOURED)
    if look.bright:
        unlike += off[:, 0] / np.float32(BRIGHT)
    votes[standing] *= np.exp(-np.minimum(unlike, 60))
    table = votes.reshape(-1, PARTS)
    won = table.argmax(1).astype(np.uint8)
    won[table[np.arange(len(won)), won] == 0] = PARTS
    return won
