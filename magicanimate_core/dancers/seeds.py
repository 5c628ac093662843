"""Random streams that depend only on their names, so that every process draws the same world."""

import zlib

import numpy as np

SPLITS = ("train", "held_out")


def stream(split: str, what: str, index: int) -> np.random.Generator:
    """Generator of one thing; streams of different splits, things and indices are independent."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {SPLITS}.")
    if index < 0:
        raise ValueError(f"index is {index}; expected 0 or more.")
    return np.random.default_rng([zlib.crc32(what.encode()), SPLITS.index(split), index])


def pick(rng: np.random.Generator, options):
    """One of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]
