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
JUDGED_AT_ONCE = 2048  # pixels whose features stay in the processor's cache
# Rows of a product that BLAS does not share out among threads of its own: frames are read in threads, which would wait for
# one another's
ROWS_AT_ONCE = 384


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
    """Of n pixels: their rivals (n, 3) intp, and what the net is told of each."""

    rivals: np.ndarray
    told: tuple[np.ndarray, ...]  # of (n, 3, F) float32


def judge(case: Case, colours: np.ndarray) -> np.ndarray:
    """Returns the parts (N,) of a case; colours: of the parts, (25, 3) Y, Cb, Cr."""
    parts = np.zeros(len(case.at), np.uint8)
    for start in range(0, len(parts), JUDGED_AT_ONCE):
        doubts = look_closer(case, slice(start, start + JUDGED_AT_ONCE), colours)
        won = _scores(doubts.told).argmax(1)
        parts[start : start + JUDGED_AT_ONCE] = doubts.rivals[np.arange(len(won)), won]
    return parts


def look_closer(case: Case, some: slice, colours: np.ndarray) -> Doubts:
    """Returns what is to be decided of some of the places of a case."""
    steps = MIRRORED @ (case.width, 1)  # (4, 25)
    window = case.at[some, None] + steps[case.odd[some]]  # (n, 25) places
    close, here = window[:, CLOSE], window[:, CENTRE]  # (n, 13) and (n,)
    labels = case.voted.labels[window]
    votes = _votes(labels, case.voted.trust[window] * NEARNESS)
    own, voted = case.seen.labels[here], labels[:, CENTRE]
    rivals = _rivals(votes, case.ycc[:, here], own, voted, colours)
    dim, blue, red = (
        plane[close][:, None] - level[rivals][..., None] for plane, level in zip(case.ycc, colours.T, strict=True)
    )  # (n, 3, 13) each
    tint = np.maximum(np.abs(blue), np.abs(red)) * np.float32(1 / COLOURED)
    alike = np.exp(-(np.abs(dim) * np.float32(1 / BRIGHT) + tint))
    shares = np.take_along_axis(votes, rivals, 1) / (votes.sum(1, keepdims=True) + 1e-6)
    single = [shares, rivals == own[:, None], rivals == voted[:, None], tint[..., len(CLOSE) // 2]]
    single += [np.full(rivals.shape, value) for value in case.noise]
    told = (
        alike, np.clip(dim * np.float32(1 / STEEP), -1, 1), _backing(case.seen, close, rivals),
        _backing(case.voted, close, rivals), np.stack(single, -1).astype(np.float32),
    )  # fmt: skip
    return Doubts(rivals, told)


def _votes(labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The votes (n, 25 parts) of windows (n, 25 pixels)."""
    first = 25 * np.arange(len(labels))[:, None]
    return np.bincount((labels + first).ravel(), counts.ravel(), 25 * len(labels)).reshape(-1, 25).astype(np.float32)


def _rivals(votes: np.ndarray, look: np.ndarray, own: np.ndarray, voted: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The parts that pixels (n,), which look so (3, n), may be: the likeliest, among them the two given, (n, 3)."""
    pixel, part = np.nonzero(votes)
    dim, blue, red = np.abs(np.take(look, pixel, 1) - colours[part].T)
    likely, rows = votes.copy(), np.arange(len(votes))
    likely[pixel, part] *= np.exp(-np.minimum(dim / (2 * BRIGHT) + np.maximum(blue, red) / COLOURED, 60))
    likely[rows, own] += 2 * len(WINDOW)  # more than all votes
    likely[rows, voted] += len(WINDOW)
    return np.argpartition(-likely, RIVALS - 1, 1)[:, :RIVALS]


def _backing(held: Map, window: np.ndarray, rivals: np.ndarray) -> np.ndarray:
    """How much each pixel of windows (n, 13) stands for the rivals (n, 3); (n, 3, 13) float32."""
    return (held.labels[window][:, None] == rivals[..., None]) * held.trust[window][:, None]


def _scores(told: tuple[np.ndarray, ...]) -> np.ndarray:
    """What the net says of rivals, (n, 3): the highest wins."""
    net = _net()
    first = np.tile(net["first.bias"], (RIVALS * len(told[0]), 1))  # (n * 3, ...): one product for all, not one a pixel
    for i, values in enumerate(told):
        first += _product(values.reshape(len(first), -1), net[f"first.{i}"])
    second = _product(np.maximum(first, 0, out=first), net["second"]) + net["second.bias"]
    return _product(np.maximum(second, 0, out=second), net["last"][:, None]).reshape(-1, RIVALS)


def _product(rows: np.ndarray, by: np.ndarray) -> np.ndarray:
    """rows @ by, (n, F) and (F, H), in one thread."""
    out = np.empty((len(rows), by.shape[1]), np.float32)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        np.matmul(rows[some], by, out=out[some])
    return out


@cache
def _net() -> dict[str, np.ndarray]:
    """Weights of three layers; of the first, by what is told."""
    return load_file(WEIGHTS)
