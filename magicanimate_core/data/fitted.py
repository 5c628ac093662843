"""Any source at the size that is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..media.images import fit_photo, fit_poses
from .source import Sample, Source


def fit_sample(sample: Sample, height: int, width: int, fit: str = "crop") -> Sample:
    """Brings both streams to height x width pixels, cut and scaled alike, as a photo and its poses are when animated.

    `fit` as in images.fit_image. Raises ValueError for an unknown one.
    """
    images, poses = (torch.from_numpy(np.ascontiguousarray(frames)) for frames in sample)  # (F, H, W, 3) uint8 each
    return Sample(
        fit_photo(images, width, height, fit).contiguous().numpy(), fit_poses(poses, width, height, fit).contiguous().numpy()
    )


@dataclass(frozen=True)
class FittedSource:
    """`source` with every frame at height x width pixels; `fit` as in images.fit_image."""

    source: Source
    height: int
    width: int
    fit: str = "crop"

    def __len__(self) -> int:
        return len(self.source)

    def name(self, item: int) -> str:
        return self.source.name(item)

    def length(self, item: int) -> int:
        """Raises BadItem."""
        return self.source.length(item)

    def fps(self, item: int) -> float:
        """Raises BadItem."""
        return self.source.fps(item)

    def read(self, item: int, frames: Sequence[int]) -> Sample:
        """Raises BadItem, IndexError, and ValueError for an unknown `fit`."""
        return fit_sample(self.source.read(item, frames), self.height, self.width, self.fit)
