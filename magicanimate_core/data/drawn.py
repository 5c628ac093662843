"""The procedural world as sources: nothing is read, everything is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import dancers
from ..dancers import seeds
from ..media.densepose import paint
from .source import Sample

OTHER_MOTION = 1000  # a photo shows the motion of the clip so many further on, which is another one


@dataclass(frozen=True)
class DancerClips:
    """Clips 0 to `count` - 1 of a split ("train" or "held_out")."""

    count: int
    split: str
    frames: int
    height: int
    width: int
    every: int = 1  # of the world's 25 frames a second, only every so many: a longer dance in as many frames
    dances: int = 1  # motions that the frames take turns at: for single frames, more different poses of one person

    def __len__(self) -> int:
        return self.count

    def name(self, item: int) -> str:
        return f"{self.split}_{item:05d}"

    def length(self, item: int) -> int:
        return self.frames

    def fps(self, item: int) -> float:
        return dancers.FPS / self.every

    def read(self, item: int, frames: Sequence[int]) -> Sample:
        """Draws the frames in the order asked for. Raises IndexError for none or beyond the end."""
        outside = [i for i in frames if not 0 <= i < self.frames]
        if outside or not len(frames):
            raise IndexError(f"frames {list(frames)}; expected at least one, each in 0..{self.frames - 1}.")
        clip = self._drawn(item)
        motions = [clip, *(clip.dancing(seeds.further_motion(item, turn)) for turn in range(1, self.dances))]
        return _sample([motions[i % self.dances].frame(i * self.every) for i in frames])

    def apart(self, item: int) -> dancers.Frame:
        """Draws the dancer of a clip in a motion that the clip does not have: what a photo of him would be."""
        return self._drawn(item).dancing(OTHER_MOTION + item).frame(0)

    def people(self, item: int, frames: Sequence[int]) -> np.ndarray:
        """Returns where the person is in these frames, (F, H, W) bool."""
        return np.stack([self._drawn(item).frame(i * self.every).mask for i in frames])

    def _drawn(self, item: int) -> dancers.DrawnClip:
        return _clip(_within(item, self.count), self.split, self.frames * self.every, self.height, self.width)


@dataclass(frozen=True)
class DancerStills:
    """Pictures 0 to `count` - 1 of a split."""

    count: int
    split: str
    height: int
    width: int

    def __len__(self) -> int:
        return self.count

    def name(self, item: int) -> str:
        return f"{self.split}_still_{item:05d}"

    def length(self, item: int) -> int:
        return 1

    def fps(self, item: int) -> float:
        return 0.0

    def read(self, item: int, frames: Sequence[int]) -> Sample:
        """Draws the picture as often as asked for. Raises IndexError for none or another frame than 0."""
        if not len(frames) or any(frames):
            raise IndexError(f"frames {list(frames)} of a picture; expected only 0.")
        picture = dancers.still(_within(item, self.count), self.split, height=self.height, width=self.width)
        return _sample([picture] * len(frames))


@lru_cache(maxsize=4)
def _clip(index: int, split: str, frames: int, height: int, width: int) -> dancers.DrawnClip:
    """The last few clips keep their scene and clothes, which cost more than a frame."""
    return dancers.clip(index, split, frames=frames, height=height, width=width)


def _within(item: int, count: int) -> int:
    """Returns the item. Raises IndexError where there is none of that number."""
    if not 0 <= item < count:
        raise IndexError(f"item {item} of {count}.")
    return item


def _sample(frames: list[dancers.Frame]) -> Sample:
    return Sample(np.stack([frame.image for frame in frames]), paint(np.stack([frame.parts for frame in frames])))
