"""A second look at the seams of a blurred part map: which of the parts around a pixel it is, by a small net.

The net has seen drawn dancers before and after many encoders (scripts/train_snapping.py, which writes judging.safetensors).
It knows no palette: for every part that a pixel may be (a rival) it sees how like it the 13 pixels around are. A codec
keeps brightness by pixels and colour by squares of 2 x 2: windows are mirrored so that a pixel is the first of its square.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file

from .surroundings import fold

WEIGHTS = Path(__file__).with_name("judging.safetensors")
MARGIN = 2  # pixels around a frame that a window may reach into
WINDOW = np.array([(y, x) for y in range(-MARGIN, MARGIN + 1) for x in range(-MARGIN, MARGIN + 1)])  # (25, 2)
NEARNESS = np.exp(-(WINDOW**2).sum(1) / 2.88).astype(np.float32)  # (25,)
MIRRORED = np.array([WINDOW * (y, x) for y in (1, -1) for x in (1, -1)])  # (4, 25, 2), by 2 * odd row + odd column
CENTRE = len(WINDOW) // 2
CLOSE = np.flatnonzero(np.abs(WINDOW).sum(1) <= MARGIN)  # (13,) of the window: a square on its tip, which the net sees
RIVALS = 3
ONCE_JUDGED = 0.6  # how much a judged pixel counts when others are judged again; one that was voted on counts 0.5
BRIGHT, COLOURED = 7.0, 24.0  # grey levels over which a likeness falls to 1 / e
STEEP = 16.0  # grey levels of brightness beyond which more makes no difference
NARROW = 1.0  # a lead over the next rival, in the scores of the net: less is close
JUDGED_AT_ONCE = 1024  # pixels whose features stay in the processor's cache
# Multiplications of a product that BLAS does not share out among threads of its own: frames are read in threads, which would
# wait for one another's
MULTIPLIED_AT_ONCE = 250_000


class Map(NamedTuple):
    """Parts and how much each is trusted, of a frame with a margin, flat: (P,) uint8 and (P,) float32."""

    labels: np.ndarray
    trust: np.ndarray


class Case(NamedTuple):
    """What is to be judged: a frame with a margin, flat, and N of its places."""

    ycc: np.ndarray  # (3, P) float32: Y, Cb, Cr
    width: int
    seen: Map  # by nearest colour
    voted: Map  # by the neighbours
    at: np.ndarray  # (N,) places in doubt
    odd: np.ndarray  # (N,) 2 * whether the row is odd + whether the column is
    noise: np.ndarray  # (4,) float32: how far Y and Cb are from the parts' inside parts, and at their seams, grey levels


class Doubts(NamedTuple):
    """Of n pixels: their rivals (3, n) uint8, and what the net is told of each, (F, 3, n) float32."""

    rivals: np.ndarray
    told: np.ndarray


def judge(case: Case, colours: np.ndarray) -> np.ndarray:
    """Returns the parts (N,) of a case; colours: of the parts, (25, 3) Y, Cb, Cr.

    Where it was close, and a neighbour went elsewhere, they are judged once more, among what was judged.
    """
    parts, lead = _judged(case, colours)
    again = np.flatnonzero((lead < NARROW) & _beside_moved(case, parts)[case.at])
    labels, trust = case.voted.labels.copy(), case.voted.trust.copy()
    labels[case.at], trust[case.at] = parts, ONCE_JUDGED
    second = case._replace(voted=Map(labels, trust), at=case.at[again], odd=case.odd[again])
    parts[again] = _judged(second, colours)[0]
    return parts


def _beside_moved(case: Case, parts: np.ndarray) -> np.ndarray:
    """Where a pixel's window holds one that did not go to its voted part, but to the one of `parts` (N,); (P,) bool."""
    moved = np.zeros(len(case.voted.labels), np.uint8)
    moved[case.at] = parts != case.voted.labels[case.at]
    return fold(np.maximum, moved.reshape(-1, case.width), (MARGIN, MARGIN)).ravel() > 0


def _judged(case: Case, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The parts (N,) of a case, and how far each is ahead of its next rival, (N,) float32."""
    parts, lead = np.zeros(len(case.at), np.uint8), np.zeros(len(case.at), np.float32)
    for start in range(0, len(parts), JUDGED_AT_ONCE):
        some = slice(start, start + JUDGED_AT_ONCE)
        doubts = look_closer(case, some, colours)
        scores = _scores(doubts.told)
        parts[some] = np.take_along_axis(doubts.rivals, scores.argmax(0)[None], 0)[0]
        best = scores.max(0)
        lead[some] = 2 * best + scores.min(0) - scores.sum(0)  # of three, the best less the second
    return parts, lead


def look_closer(case: Case, some: slice, colours: np.ndarray) -> Doubts:
    """Returns what is to be decided of some of a case's places. Pixels come last: so numpy goes through many at once."""
    steps = (MIRRORED @ (case.width, 1)).T  # (25, 4)
    window = case.at[some] + steps[:, case.odd[some]]  # (25, n) places
    close, here = window[CLOSE], window[CENTRE]  # (13, n) and (n,)
    labels, trust, ycc = case.voted.labels[window], case.voted.trust[window], np.take(case.ycc, close, 1)  # (3, 13, n)
    colours = np.ascontiguousarray(colours.T)  # (3, 25)
    own, voted = case.seen.labels[here], labels[CENTRE]
    votes = _votes(labels, trust * NEARNESS[:, None])
    rivals = _rivals(votes, ycc[:, len(CLOSE) // 2], own, voted, colours)
    dim, blue, red = (plane[:, None] - level[rivals] for plane, level in zip(ycc, colours, strict=True))  # (13, 3, n)
    tint = np.maximum(np.abs(blue), np.abs(red)) * np.float32(1 / COLOURED)
    alike = np.exp(-(np.abs(dim) * np.float32(1 / BRIGHT) + tint))
    shares = np.take_along_axis(votes, rivals.astype(np.intp), 0) / (votes.sum(0) + np.float32(1e-6))
    single = [shares, rivals == own, rivals == voted, tint[len(CLOSE) // 2]]
    single += [np.full(rivals.shape, value, np.float32) for value in case.noise]
    told = (
        alike, np.clip(dim * np.float32(1 / STEEP), -1, 1),
        _backing(case.seen.labels[close], case.seen.trust[close], rivals),
        _backing(labels[CLOSE], trust[CLOSE], rivals), np.stack(single).astype(np.float32, copy=False),
    )  # fmt: skip
    return Doubts(rivals, np.concatenate(told))


def _votes(labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The votes (25 parts, n) of windows (25 pixels, n)."""
    many = labels.shape[1]
    places = np.multiply(labels, many, dtype=np.intp) + np.arange(many)
    return np.bincount(places.ravel(), counts.ravel(), 25 * many).reshape(25, many).astype(np.float32)


def _rivals(votes: np.ndarray, look: np.ndarray, own: np.ndarray, voted: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The parts that pixels (n,), which look so (3, n), may be: the likeliest, among them the two given, (3, n) uint8."""
    there = votes.max(1) > 0
    there[own] = there[voted] = True
    some, row, columns = np.flatnonzero(there), there.cumsum() - 1, np.arange(len(own))  # (S,) parts that are there at all
    dim, blue, red = np.abs(look[:, None] - colours[:, some, None])  # (S, n) each
    unlike = dim * np.float32(0.5 / BRIGHT) + np.maximum(blue, red) * np.float32(1 / COLOURED)
    likely = votes[some] * np.exp(-np.minimum(unlike, 60))
    likely[row[own], columns] = likely[row[voted], columns] = -1
    best = likely.argmax(0)
    rivals = np.stack([voted, own, some[best].astype(np.uint8)])
    one = np.flatnonzero(own == voted)
    likely[best[one], one] = -1
    rivals[1, one] = some[likely[:, one].argmax(0)]
    return rivals


def _backing(labels: np.ndarray, trust: np.ndarray, rivals: np.ndarray) -> np.ndarray:
    """How much each pixel of windows (13, n) stands for the rivals (3, n); (13, 3, n) float32."""
    return (labels[:, None] == rivals) * trust[:, None]


def _scores(told: np.ndarray) -> np.ndarray:
    """What the net says of rivals, (3, n), of what it is told, (F, 3, n): the highest wins."""
    net = _net()
    first = product(net["first"], told.reshape(len(told), -1)) + net["first.bias"][:, None]  # (..., 3 * n)
    second = product(net["second"], np.maximum(first, 0, out=first)) + net["second.bias"][:, None]
    scores = np.einsum("h,hn->n", net["last"], np.maximum(second, 0, out=second))
    return scores.reshape(told.shape[1:])


def product(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Returns rows @ columns, (H, F) and (F, n) float32, in one thread."""
    out, width = np.empty((len(rows), columns.shape[1]), np.float32), MULTIPLIED_AT_ONCE // rows.size
    for start in range(0, columns.shape[1], width):
        some = slice(start, start + width)
        np.matmul(rows, columns[:, some], out=out[:, some])
    return out


@cache
def _net() -> dict[str, np.ndarray]:
    """Weights of three layers, (out, in), the last one (in,), and biases of the first two."""
    return load_file(WEIGHTS)
