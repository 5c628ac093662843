"""Where joints go beyond a scale and shift, so that they come to lie on the photo's in the frames that show its pose.

A figure that stands, stands on its feet in every frame: what brings hips and neck to their place in one, does so in all,
and moves nothing else. Only limbs that turn carry their other length with them: arms always, all others where they turn far.
"""

import warnings
from typing import NamedTuple

import numpy as np

from .bones import Factors
from .joints import Body
from .limbs import FEET, HANDS, HEAD, LIMBS, LOWER_ARMS, LOWER_LEGS, PARENT, TORSO, UPPER_ARMS, UPPER_LEGS
from .similarity import Similarity

OFF = 0.2  # lengths of the torso that joints may be off beyond what limbs grow
TURNS = 0.3  # lengths of the torso that the end of a limb must turn until it counts
CONTRADICT = 0.15  # lengths of the torso that both sides may go apart
_FREE = np.isin(np.arange(LIMBS), (*UPPER_ARMS, *LOWER_ARMS))  # limbs that dance
_CHILD = {limb: limb + 2 for limb in (*UPPER_ARMS, *LOWER_ARMS, *UPPER_LEGS, *LOWER_LEGS)}  # where that begins, this ends
_ROOTS = (*UPPER_ARMS, *UPPER_LEGS)  # limbs that begin somewhere on the torso


class Places(NamedTuple):
    """Ways of joints, pixels, beyond a scale and shift."""

    begins: np.ndarray  # (LIMBS, 2) of where torso, head, arms and legs begin
    grows: np.ndarray  # (LIMBS, 2) of a limb's end beyond its start's
    lie: np.ndarray  # (LIMBS, 2) from start to end of the clip's limbs where these were measured; 0: not known
    lengths: np.ndarray  # (LIMBS,) scale * (factor - 1) of what turns
    sway: float  # pixels of the clip that limbs but arms must turn until it counts

    def part(self, strength: float) -> "Places":
        """Returns as much of it as strength says, 0 nothing, 1 all."""
        return self._replace(**{name: strength * getattr(self, name) for name in ("begins", "grows", "lengths")})

    def ways(self, bodies: Body) -> tuple[np.ndarray, np.ndarray]:
        """Returns how far starts and ends of limbs of bodies (..., LIMBS, 2) go, twice that shape."""
        turned = self.lengths[:, None] * _far(bodies.end - bodies.start - self.lie, self.sway)
        start, end = np.zeros_like(turned), np.zeros_like(turned)
        for limb in range(1, LIMBS):
            # who bows, bows from the hips: the neck goes, and what hangs on it
            neck = turned[..., TORSO, :] if limb in (TORSO, HEAD, *UPPER_ARMS) else 0.0
            hangs = limb > HEAD and limb not in _ROOTS
            start[..., limb, :] = end[..., PARENT[limb], :] if hangs else self.begins[limb] - neck
            end[..., limb, :] = start[..., limb, :] + self.grows[limb] + turned[..., limb, :]
        return start, end


def _far(turned: np.ndarray, sway: float) -> np.ndarray:
    """What limbs are turned (..., LIMBS, 2) beyond what may be a sway, pixels, where they do not dance."""
    turned = np.nan_to_num(turned)
    least = np.where(_FREE, 0.0, sway)
    return turned * np.maximum(0.0, 1 - (least / np.maximum(1e-9, np.linalg.norm(turned, axis=-1))) ** 2)[..., None]


def find_places(bodies: Body, photo: Body, like: np.ndarray, map_: Similarity, bones: Factors) -> Places:
    """Compares joints with a photo's in the frames `like` of a clip (F, ...), under a scale and shift.

    Limbs grow by their factors; what joints are off beyond that is followed as far as it may be true.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of what is never seen
        there = Body(*(values[like] for values in bodies))
        cut = (there.cut | photo.cut)[..., None]
        starts = np.nanmedian(photo.start - map_(there.start), axis=0)  # (LIMBS, 2)
        ends = np.nanmedian(np.where(cut, np.nan, photo.end - map_(there.end)), axis=0)
        lie = np.nanmedian(there.end - there.start, axis=0)
        torso = map_.scale * float(np.nan_to_num(np.nanmedian(bodies.length[:, TORSO])))
    ends[list(_CHILD)] = starts[list(_CHILD.values())]
    ends[[*HANDS, *FEET]] = np.nan  # hands open and close, feet point at the viewer
    starts = _both(starts, (UPPER_ARMS, UPPER_LEGS), CONTRADICT * torso)
    ends[TORSO] = starts[list(UPPER_LEGS)].mean(0)
    lengths = np.where(np.isin(np.arange(LIMBS), (*HANDS, *FEET)), 0.0, map_.scale * (bones.length - 1))
    begins, grows, lie = _followed(starts, ends, lie, lengths, OFF * torso)
    return Places(begins, grows, lie, lengths, TURNS * torso / map_.scale)


def _followed(
    starts: np.ndarray, ends: np.ndarray, lie: np.ndarray, lengths: np.ndarray, most: float
) -> tuple[np.ndarray, ...]:
    """Of ways of starts and ends (LIMBS, 2): what limbs grow by their lengths, and at most so many pixels beyond.

    Returns `begins`, `grows` and `lie` of places.
    """
    begins, goes = np.nan_to_num(starts), np.zeros_like(starts)
    known = np.isfinite(lie)
    lie = np.where(known, lie, 0.0)
    for limb in range(1, LIMBS):
        parent = begins[TORSO] if limb in UPPER_ARMS else goes[PARENT[limb]]
        if limb > HEAD:
            begins[limb] = parent + _held(starts[limb] - parent, most) if limb in _ROOTS else parent
        grown = begins[limb] + lengths[limb] * lie[limb]
        goes[limb] = grown + _held(ends[limb] - grown, most) * known[limb]
    return begins, goes - begins, lie


def _held(way: np.ndarray, most: float) -> np.ndarray:
    """A way (2,), not longer than so many pixels; none where it is not known."""
    return np.nan_to_num(way) * min(1.0, most / max(1e-9, float(np.linalg.norm(np.nan_to_num(way)))))


def _both(ways: np.ndarray, pairs: tuple[tuple[int, int], ...], doubt: float) -> np.ndarray:
    """Ways (LIMBS, 2) of left and right; where they contradict each other, as when an arm lies before a hip, the shorter."""
    out = ways.copy()
    for pair in pairs:
        both = ways[list(pair)]
        if not np.linalg.norm(both[0] - both[1]) <= doubt:
            out[list(pair)] = both[np.argmin(np.nan_to_num(np.linalg.norm(both, axis=-1), nan=np.inf))]
    return out
