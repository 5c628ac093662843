"""One video of a set that is compared, whatever it is stored as: its frames by number, one at a time in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..media.blobs import Blob, Unreadable
from ..media.pictures import read_picture
from ..media.reading import open_video

PUBLISHED_SIDE = 256  # pixels of the sides of the frames of published numbers


@dataclass(frozen=True)
class ComparedClip:
    """A video by name. Each kind of storage gives its frames in its way."""

    name: str

    named = False  # whether frames have numbers of their own; where not, only their order counts

    @property
    def numbers(self) -> Sequence[int]:
        """The frames' numbers, ascending. Raises Unreadable."""
        raise NotImplementedError

    def frames(self, count: int | None = None) -> Iterator[np.ndarray]:
        """Gives all frames, or the first `count`, in order: (H, W, 3) uint8 RGB. Raises Unreadable."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.numbers)

    def runs(self) -> list[int]:
        """Lengths of the stretches without a missing number: 1, 2, 4 are stretches of 2 and 1. Raises Unreadable."""
        breaks = [i + 1 for i, (a, b) in enumerate(pairwise(self.numbers)) if b != a + 1]
        return [b - a for a, b in pairwise([0, *breaks, len(self)])]


@dataclass(frozen=True)
class PictureClip(ComparedClip):
    """One picture file a frame, in a folder."""

    folder: Path
    files: tuple[str, ...]
    numbers: tuple[int, ...] = ()

    named = True

    def frames(self, count: int | None = None) -> Iterator[np.ndarray]:
        for file in self.files[:count]:
            yield read_picture(Blob(file, self.folder / file))


@dataclass(frozen=True)
class VideoClip(ComparedClip):
    """A video file, at its constant rate; of a file whose frames last unequally long, those that are seen at it."""

    path: Path

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The frames' numbers in the file, ascending; one may be seen several times. Raises Unreadable."""
        shown = open_video(self.path).shown
        if shown == list(range(len(shown))):
            return range(len(shown))  # what stays in memory for every video
        return tuple(shown)

    @property
    def numbers(self) -> Sequence[int]:
        return range(1, len(self.shown) + 1)

    def frames(self, count: int | None = None) -> Iterator[np.ndarray]:
        shown = self.shown[:count]
        decoded, last = open_video(self.path).decode(sorted(set(shown))), None
        for number in shown:
            if number != last:
                frame, last = next(decoded), number
            yield frame


@dataclass(frozen=True)
class StripClip(ComparedClip):
    """A picture that holds square frames side by side, as the training code of first-order motion models writes videos."""

    path: Path

    @cached_property
    def numbers(self) -> Sequence[int]:
        height, width, _ = self._picture().shape
        if width % height:
            raise Unreadable(
                f"{self.path.name} has no frame number, and its {width}x{height} pixels are no square frames side by side; "
                "expected frames named VIDEO_NUMBER, for example dance_0001.png."
            )
        return range(1, width // height + 1)

    def frames(self, count: int | None = None) -> Iterator[np.ndarray]:
        picture = self._picture()
        side = picture.shape[0]
        for number in self.numbers[:count]:
            yield picture[:, (number - 1) * side : number * side]

    def _picture(self) -> np.ndarray:  # (side, frames * side, 3) uint8
        return read_picture(Blob(self.path.name, self.path))
