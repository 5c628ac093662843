"""The questions that a source of training frames answers. Sources are pure: the same arguments give the same frames."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ..media.timing import even_edges


class Sample(NamedTuple):
    """Frames of one item and their DensePose."""

    images: np.ndarray  # (F, H, W, 3) uint8 RGB
    poses: np.ndarray  # (F, H, W, 3) uint8 RGB, DensePose in MagicAnimate's colours


class BadItem(Exception):
    """An item that cannot be used: `name`, and `reason`, which goes on after the name ("has no densepose.mp4")."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} {self.reason}"


class Source(Protocol):
    """Items are clips or single pictures; frames are read at random."""

    def __len__(self) -> int:
        """Number of items."""

    def name(self, item: int) -> str:
        """The item's name, without a suffix."""

    def length(self, item: int) -> int:
        """Frames of the item, 1 for a picture. Raises BadItem."""

    def fps(self, item: int) -> float:
        """Frames per second, 0 for a picture. Raises BadItem."""

    def read(self, item: int, frames: Sequence[int]) -> Sample:
        """The frames in the order asked for, also repeated ones. Raises BadItem, and IndexError beyond the item's length."""


def item_edges(source: Source, item: int) -> np.ndarray:
    """Returns when a clip's frames begin and the last one ends, (F + 1,) seconds: evenly unless the source says otherwise.

    Raises BadItem.
    """
    says = getattr(source, "edges", None)
    return says(item) if says else even_edges(source.length(item), source.fps(item))
