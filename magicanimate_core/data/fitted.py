"""Any source at one size."""

from collections.abc import Sequence
from dataclasses import dataclass

from .fit import fit_sample
from .source import Sample, Source


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
        return self.source.length(item)

    def fps(self, item: int) -> float:
        return self.source.fps(item)

    def read(self, item: int, frames: Sequence[int]) -> Sample:
        sample = self.source.read(item, frames)
        same = sample.images.shape[1:3] == sample.poses.shape[1:3] == (self.height, self.width)
        return sample if same else fit_sample(sample, self.height, self.width, self.fit)
