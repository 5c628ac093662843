"""A second look at the seams of a blurred part map: which of the parts around a pixel it is, by a small net.

The net has seen drawn dancers before and after many encoders (scripts/train_snapping.py, which writes judging*.safetensors).
It knows no palette: for every part that a pixel may be (a rival) it sees how like it the 13 pixels around are. A codec
keeps brightness by pixels and colour by squares of 2 x 2: windows are mirrored so that a pixel is the first of its square.
Where a grey photo shines through, a rival is as bright as the pixels around that stand for it, and another net decides.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from einops import rearrange
from safetensors.numpy import load_file

from .polling import CENTRE, CLOSE, MARGIN, NEARNESS, UNITS, WINDOW, Looks, Map, at_once, poll
from .surroundings import fold

WEIGHTS = {  # by whether brightness tells parts apart
    True: Path(__file__).with_name("judging.safetensors"),
    False: Path(__file__).with_name("judging_over_grey.safetensors"),
}
MIRRORED = np.array([WINDOW * (y, x) for y in (1, -1) for x in (1, -1)])  # (4, 25, 2), by 2 * odd row + odd column
FURTHER = 3  # parts around a pixel of which the likeliest becomes a rival, besides those that always are
ONCE_JUDGED = 7  # tenths that a judged pixel counts when others are judged again; one that was voted on counts 5
STEEP = 16.0  # grey levels of brightness beyond which more makes no difference
NARROW = 1.0  # a lead over the next rival, in the scores of the net: less is close
SECTIONS = CLOSE, 2 * CLOSE, 3 * CLOSE, 4 * CLOSE  # of what the net is told
TOLD = SECTIONS[-1] + 4
# Multiplications of a product that BLAS does not share out among threads of its own: frames are read in threads, which would
# wait for one another's
MULTIPLIED_AT_ONCE = 250_000


class Case(NamedTuple):
    """What is to be judged: a frame with a margin, P pixels, and N of its places."""

    ycc: np.ndarray  # (3, P) float32: Y, Cb, Cr in UNITS
    seen: Map  # by nearest colour
    voted: Map  # by the neighbours
    at: np.ndarray  # (N,) flat places in doubt
    odd: np.ndarray  # (N,) 2 * whether the row is odd + whether the column is
    noise: np.ndarray  # (4,) float32: how far Y and Cb are from the parts' inside parts, and at their seams, grey levels


class Doubts(NamedTuple):
    """Of n pixels: their rivals (R, n) uint8, and what the net is told of each, (F, R, n) float32."""

    rivals: np.ndarray
    told: np.ndarray


def judge(case: Case, look: Looks) -> np.ndarray:
    """Returns the parts (N,) of a case.

    Where it was close, and a neighbour went elsewhere, they are judged once more, among what was judged.
    """
    parts, lead = _judged(case, look)
    again = np.flatnonzero((lead < NARROW) & _beside_moved(case, parts)[case.at])
    held = case.voted.having(case.at, parts, ONCE_JUDGED)
    parts[again], _ = _judged(case._replace(voted=held, at=case.at[again], odd=case.odd[again]), look)
    return parts


def _beside_moved(case: Case, parts: np.ndarray) -> np.ndarray:
    """Where a pixel's window holds one that did not go to its voted part, but to the one of `parts` (N,); (P,) bool."""
    moved = np.zeros(case.voted.labels.shape, np.uint8)
    moved.ravel()[case.at] = parts != case.voted.at(case.at).labels
    return fold(np.maximum, moved, (MARGIN, MARGIN)).ravel() > 0


def _judged(case: Case, look: Looks) -> tuple[np.ndarray, np.ndarray]:
    """The parts (N,) of a case, and how far each is ahead of its next rival, (N,) float32."""
    parts, lead = np.zeros(len(case.at), np.uint8), np.zeros(len(case.at), np.float32)
    for group in groups(case):
        doubts = look_closer(case, group, look)
        scores = _scores(doubts.told, case.noise, look.bright)
        parts[group] = np.take_along_axis(doubts.rivals, scores.argmax(0)[None], 0)[0]
        lead[group] = scores.max(0) - np.where(doubts.rivals == parts[group], -np.inf, scores).max(0)
    return parts, lead


def groups(case: Case) -> Iterator[np.ndarray]:
    """Gives numbers of a case's places, some at a time: first all whose nearest colour is their voted part's."""
    same = case.seen.at(case.at).labels == case.voted.at(case.at).labels
    for kind in (same, ~same):
        numbers = np.flatnonzero(kind)
        yield from (numbers[some] for some in at_once(len(numbers)))


def look_closer(case: Case, group: np.ndarray, look: Looks) -> Doubts:
    """Returns what is to be decided of a group of a case's places. Pixels come last: so numpy goes through many at once."""
    steps = np.ascontiguousarray((MIRRORED @ (case.voted.labels.shape[1], 1)).T)  # (25, 4)
    window = case.at[group] + steps.take(case.odd[group], 1)  # (25, n) places
    seen, voted, ycc = case.seen.at(window[:CLOSE]), case.voted.at(window), case.ycc.take(window[:CLOSE], 1)  # (3, 13, n)
    rivals = _rivals(voted, seen.labels[CENTRE], ycc[:, CENTRE], look)
    told = np.empty((TOLD, *rivals.shape), np.float32)
    alike, dim, told_seen, told_voted, single = np.split(told, SECTIONS)
    told_seen[:], behind = _backing(seen, rivals), _backing(voted, rivals)
    told_voted[:] = behind[:CLOSE]
    levels = look.parts.T.take(rivals, 1)  # (3, R, n)
    if not look.bright:
        levels[0] = _brightness(ycc[0], told_voted)
    tint = _compare(ycc, levels, alike, dim)
    told[SECTIONS[1] : SECTIONS[3]] *= np.float32(0.1)
    near = NEARNESS.astype(np.float32)
    share = product(near[None], behind.astype(np.float32).reshape(len(WINDOW), -1)).reshape(rivals.shape)
    single[0] = share / (near @ voted.trust + np.float32(1e-5))
    single[1], single[2], single[3] = rivals == seen.labels[CENTRE], rivals == voted.labels[CENTRE], tint[CENTRE]
    return Doubts(rivals, told)


def _rivals(windows: Map, nearest: np.ndarray, look_here: np.ndarray, look: Looks) -> np.ndarray:
    """What pixels (n,) of a group may be, (R, n) uint8: as voted, as by nearest colour if that differs, or the likeliest."""
    voted = windows.labels[CENTRE]
    known = (voted,) if np.array_equal(voted, nearest) else (voted, nearest)
    (likeliest, *_), _ = poll(windows, look_here, look, FURTHER, barred=known)
    return np.stack([*known, likeliest])


def _brightness(seen: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """How bright rivals are here, (R, n): as the pixels around (13, n) that stand for them (13, R, n), or as the centre."""
    sums = np.einsum("wn,wrn->rn", seen, behind) + np.float32(1e-3) * seen[CENTRE]
    return sums / (behind.sum(0) + np.float32(1e-3))


def _compare(ycc: np.ndarray, levels: np.ndarray, alike: np.ndarray, dim: np.ndarray) -> np.ndarray:
    """Fills in how alike pixels (3, 13, n) and rivals (3, R, n) are, and how much darker; how far in tint, (13, R, n)."""
    np.subtract(ycc[0][:, None], levels[0], out=dim)
    blue, red = (ycc[i][:, None] - levels[i] for i in (1, 2))
    tint = np.maximum(np.abs(blue, out=blue), np.abs(red, out=red), out=blue)
    np.add(np.abs(dim, out=alike), tint, out=alike)
    np.exp(np.negative(alike, out=alike), out=alike)
    dim *= UNITS[0] / np.float32(STEEP)
    np.clip(dim, -1, 1, out=dim)
    return tint


def _backing(windows: Map, rivals: np.ndarray) -> np.ndarray:
    """How many tenths each pixel of windows (W, n) stands for the rivals (R, n); (W, R, n) uint8."""
    same = (windows.labels[:, None] == rivals).view(np.uint8)
    return np.multiply(same, windows.trust[:, None], out=same)


def _scores(told: np.ndarray, noise: np.ndarray, bright: bool) -> np.ndarray:
    """What the net says of rivals, (R, n), of what it is told, (F, R, n), and a frame's noise (4,): the highest wins."""
    net = _net(bright)
    first = product(net["first"], told.reshape(TOLD, -1))  # (H, R * n)
    first += (net["noise"] @ noise + net["first.bias"])[:, None]
    second = product(net["second"], np.maximum(first, 0, out=first))
    second += net["second.bias"][:, None]
    return product(net["last"], np.maximum(second, 0, out=second)).reshape(told.shape[1:])


def product(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Returns rows @ columns, (H, F) and (F, n) float32, in one thread."""
    out, width = np.empty((len(rows), columns.shape[1]), np.float32), MULTIPLIED_AT_ONCE // rows.size // 16 * 16
    whole = columns.shape[1] // width * width
    many, into = (rearrange(values[:, :whole], "f (k w) -> k f w", w=width) for values in (columns, out))
    np.matmul(rows, many, out=into)
    np.matmul(rows, columns[:, whole:], out=out[:, whole:])
    return out


@cache
def _net(bright: bool) -> dict[str, np.ndarray]:
    """Weights of three layers, (out, in), those of the first one for the noise, and biases of the first two."""
    return load_file(WEIGHTS[bright])
