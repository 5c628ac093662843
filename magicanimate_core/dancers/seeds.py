"""Random streams that depend only on their names, so that every process draws the same world; and whose the numbers are.

A number stands for a person, a motion, a scene and a camera. In each split
    i                    is clip i,
    1,000,000 + i        is still picture i, which no clip shows,
    (1 + n) 1,000,000 + i  is the n-th further motion of clip i, where it has several: n = 1, 2, ...
"""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

SPLITS = ("train", "held_out")
BLOCK = 1_000_000  # numbers of one kind

T = TypeVar("T")


def still_number(index: int) -> int:
    """Returns the number of a still picture."""
    return BLOCK + index


def further_motion(clip: int, turn: int) -> int:
    """Returns the number of the motion that a clip goes on with, turn 1, 2, ...; clips and stills have other ones."""
    return (1 + turn) * BLOCK + clip


def stream(split: str, what: str, index: int) -> np.random.Generator:
    """Returns the generator of one thing; streams of different splits, things and indices are independent.

    Raises ValueError for an unknown split or a negative index.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {SPLITS}.")
    if index < 0:
        raise ValueError(f"index is {index}; expected 0 or more.")
    return np.random.default_rng([zlib.crc32(what.encode()), SPLITS.index(split), index])


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Returns one of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]
