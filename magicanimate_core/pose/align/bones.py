"""How much longer and wider the photo's limbs are than the clip's, one factor for a limb and its twin, for the whole clip.

Lengths are compared in frames that show the photo's pose, as there a limb is foreshortened in both or in none.
"""

import warnings
from typing import NamedTuple

import numpy as np

from .joints import Body
from .limbs import (
    FEET,
    HANDS,
    HEAD,
    LIMBS,
    LOWER_ARMS,
    LOWER_LEGS,
    PAIRS,
    PARENT,
    TORSO,
    UPPER_ARMS,
    UPPER_LEGS,
)  # fmt: skip

NAMED = (  # in reports
    ("torso", TORSO), ("head", HEAD), ("upper arms", 3), ("lower arms", 5), ("upper legs", 9), ("lower legs", 11),
)  # fmt: skip
LEAST_BONE, MOST_BONE = 0.7, 1.4  # factors
SAME = 0.02  # a smaller difference is none
SHORTEST = 0.8  # widths: a limb that is shorter points at the viewer
LIMB_SEEN = 0.2  # of the frames in which a limb must be seen
UNTRUSTED = 0.4  # share of limbs beyond which none is changed


class Factors(NamedTuple):
    """Factors beyond the clip's scale, and how many of the limbs that the clip shows could not be measured."""

    length: np.ndarray  # (LIMBS,)
    width: np.ndarray  # (LIMBS,)
    untrusted: float  # 0..1

    @property
    def change(self) -> bool:
        """Whether any factor is not 1."""
        return bool((self.length != 1).any() or (self.width != 1).any())

    @property
    def words(self) -> str:
        """The factors of the lengths, by limb."""
        return ", ".join(f"{name} x {self.length[limb]:.2f}" for name, limb in NAMED)

    def part(self, strength: float) -> "Factors":
        """Returns as much of it as strength says, 0 nothing, 1 all."""
        return self._replace(length=self.length**strength, width=self.width**strength)


def measure(bodies: Body, photo: Body, like: np.ndarray, scale: float) -> Factors:
    """Compares a photo with a clip (F, ...), of which the frames `like` show its pose, under a scale of the whole clip."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of what is never seen
        there = Body(*(values[like] for values in bodies))
        length, width = _ratios(there, photo)
        weight = np.nan_to_num(np.nanmedian(there.length, axis=0))  # a limb that points at the viewer tells little
    seen = np.isfinite(bodies.length).mean(0) >= LIMB_SEEN
    measured = [pair for pair in ((TORSO,), (HEAD,), *PAIRS) if pair not in (HANDS, FEET) and seen[list(pair)].any()]
    unknown = sum(not np.isfinite(length[list(pair)]).any() for pair in measured)
    lengths = _completed(_steadied(_both_sides(length, weight), weight) - np.log(scale))
    widths = _both_sides(width, weight) - np.log(scale)
    if np.isfinite(widths).any():  # who is broad, is so all over
        broad = np.nanmedian(widths)
        widths = (np.where(np.isfinite(widths), widths, broad) + broad) / 2
    widths = np.where(np.isfinite(widths), widths, lengths)
    return Factors(_factor(lengths), _factor(widths), unknown / max(1, len(measured)))


def _ratios(bodies: Body, photo: Body) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of photo by clip (F, ...), lengths and widths (LIMBS,) each; nan: not to be trusted."""
    cut = np.where(bodies.cut | photo.cut, np.nan, 1.0)
    seen = (photo.length >= SHORTEST * photo.width) & (bodies.length >= SHORTEST * bodies.width)
    length = np.nanmedian(np.log(np.where(seen, photo.length / bodies.length * cut, np.nan)), axis=0)
    width = np.nanmedian(np.log(_broad(photo) / _broad(bodies) * cut), axis=0)
    length[[*HANDS, *FEET]] = width[[*HANDS, *FEET]] = np.nan  # hands open and close, feet point at the viewer
    return length, width


def _broad(body: Body) -> np.ndarray:
    """Widths (..., LIMBS) in pixels: the torso's from shoulder to shoulder, as arms lie before it."""
    width = body.width.copy()
    width[..., TORSO] = np.linalg.norm(body.start[..., UPPER_ARMS[0], :] - body.start[..., UPPER_ARMS[1], :], axis=-1)
    return width


def _both_sides(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The weighted mean of left and right (LIMBS,), of one where the other is not known."""
    out = values.copy()
    for pair in PAIRS:
        out[list(pair)] = _mean(values[list(pair)], weight[list(pair)])
    return out


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    """Of what is known (N,); nan: nothing is."""
    weight = np.where(np.isfinite(values), weight, 0.0)
    return float((weight * np.nan_to_num(values)).sum() / weight.sum()) if weight.any() else float("nan")


def _steadied(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Halfway to the mean of upper and lower limb (LIMBS,): where exactly a knee or an elbow lies is not seen well."""
    out = values.copy()
    for upper, lower in ((UPPER_ARMS, LOWER_ARMS), (UPPER_LEGS, LOWER_LEGS)):
        both = list(upper + lower)
        out[both] = (values[both] + _mean(values[both], weight[both])) / 2
    return out


def _completed(values: np.ndarray) -> np.ndarray:
    """What is not known (LIMBS,) is as its parent; torso and head as the scale."""
    out = values.copy()
    for limb in range(LIMBS):
        if not np.isfinite(out[limb]):
            out[limb] = 0.0 if limb <= HEAD or not np.isfinite(out[PARENT[limb]]) else out[PARENT[limb]]
    return out


def _factor(values: np.ndarray) -> np.ndarray:
    """Factors (LIMBS,) of logarithms."""
    return np.where(np.abs(values) < SAME, 1.0, np.exp(values)).clip(LEAST_BONE, MOST_BONE)
