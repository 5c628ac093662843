"""Bad items of a set do not end a run: another is drawn in their place, and what was wrong is counted by name."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from ..data import BadItem, Source

ATTEMPTS = 100  # so many are drawn at random; then the set is gone through in order
Item = TypeVar("Item")


def read_any(
    rng: np.random.Generator, source: Source, read: Callable[[int], Item], skipped: Counter[str], first: int | None = None
) -> Item:
    """Reads a random item, or the `first` where one was drawn before; of bad ones, what is wrong is counted in `skipped`.

    A function of the generator and the source. Raises ValueError when no item can be used.
    """
    last = "it is empty."
    for index in _order(rng, len(source), first):
        try:
            return read(index)
        except BadItem as error:
            last = str(error)
            skipped[last] += 1
    raise ValueError(f"{ATTEMPTS} items in a row could not be used, nor any other of the {len(source)}; the last: {last}")


def _order(rng: np.random.Generator, count: int, first: int | None) -> Iterator[int]:
    """Numbers of items: the first, more at random, and then, so that one good item among many is found, all of them."""
    index = first
    for _ in range(ATTEMPTS if count else 0):
        index = int(rng.integers(0, count)) if index is None else index
        yield index
        last, index = index, None
    yield from ((last + further) % count for further in range(1, count + 1))


def report_skipped(skipped: Counter[str]) -> None:
    """Prints what could not be read, and how often it was drawn."""
    for reason, count in skipped.most_common():
        print(f"skipped {count} times: {reason}")
