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

WEIGHTS = Path(__file__).with_name("judging.safetensors")
MARGIN = 2  # pixels around a frame that a window may reach into
WINDOW = np.array([(y, x) for y in range(-MARGIN, MARGIN + 1) for x in range(-MARGIN, MARGIN + 1)])  # (25, 2)
NEARNESS = np.exp(-(WINDOW**2).sum(1) / 2.88).astype(np.float32)  # (25,)
MIRRORED = np.array([WINDOW * (y, x) for y in (1, -1) for x in (1, -1)])  # (4, 25, 2), by 2 * odd row + odd column
CENTRE = len(WINDOW) // 2
CLOSE = np.flatnonzero(np.abs(WINDOW).sum(1) <= MARGIN)  # (13,) of the window: a square on its tip, which the net sees
RIVALS = 3
BRIGHT, COLOURED = 7.0, 24.0  # grey levels over which a likeness falls to 1 / e
STEEP = 16.0  # grey levels of brightness beyond which more makes no difference
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
    """Returns the parts (N,) of a case; colours: of the parts, (25, 3) Y, Cb, Cr."""
    parts = np.zeros(len(case.at), np.uint8)
    for start in range(0, len(parts), JUDGED_AT_ONCE):
        doubts = look_closer(case, slice(start, start + JUDGED_AT_ONCE), colours)
        won = _scores(doubts.told).argmax(0)
        parts[start : start + JUDGED_AT_ONCE] = doubts.rivals[won, np.arange(len(won))]
    return parts


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
    some = np.unique(np.concatenate([np.flatnonzero(votes.max(1)), own, voted]))  # (S,) parts that are there at all
    row, columns = np.searchsorted(some, np.arange(25)), np.arange(len(own))
    dim, blue, red = np.abs(look[:, None] - colours[:, some, None])  # (S, n) each
    unlike = dim * np.float32(0.5 / BRIGHT) + np.maximum(blue, red) * np.float32(1 / COLOURED)
    likely = votes[some] * np.exp(-np.minimum(unlike, 60))
    likely[row[own], columns] += 2 * len(WINDOW)  # more than all votes
    likely[row[voted], columns] += len(WINDOW)
    rivals = np.empty((RIVALS, len(own)), np.uint8)
    for place in rivals:
        best = likely.argmax(0)
        place[:] = some[best]
        likely[best, columns] = -1
    return rivals


def _backing(labels: np.ndarray, trust: np.ndarray, rivals: np.ndarray) -> np.ndarray:
    """How much each pixel of windows (13, n) stands for the rivals (3, n); (13, 3, n) float32."""
    return (labels[:, None] == rivals) * trust[:, None]


def _scores(told: np.ndarray) -> np.ndarray:
    """What the net says of rivals, (3, n), of what it is told, (F, 3, n): the highest wins."""
    net = _net()
    first = _product(net["first"], told.reshape(len(told), -1)) + net["first.bias"][:, None]  # (..., 3 * n)
    second = _product(net["second"], np.maximum(first, 0, out=first)) + net["second.bias"][:, None]
    scores = np.einsum("h,hn->n", net["last"], np.maximum(second, 0, out=second))
    return scores.reshape(told.shape[1:])


def _product(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """rows @ columns, (H, F) and (F, n), in one thread."""
    out, width = np.empty((len(rows), columns.shape[1]), np.float32), MULTIPLIED_AT_ONCE // rows.size
    for start in range(0, columns.shape[1], width):
        some = slice(start, start + width)
        np.matmul(rows, columns[:, some], out=out[:, some])
    return out


@cache
def _net() -> dict[str, np.ndarray]:
    """Weights of three layers, (out, in), the last one (in,), and biases of the first two."""
    return load_file(WEIGHTS)
