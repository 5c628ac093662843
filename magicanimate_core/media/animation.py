"""Animated pictures (WebP, PNG) as a video, with Pillow: FFmpeg does not read all of them. A still is one frame."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property

import numpy as np
from PIL import Image

from .blobs import Blob, unreadable
from .images import TRANSPARENT
from .index import Index, Indexed
from .pictures import read_picture
from .timing import DEFAULT_FPS, constant_rate, even_edges

BROKEN = (SyntaxError, EOFError, Image.DecompressionBombError)  # Pillow's words for damaged and for enormous files


class MovingPicture(Indexed):
    """A picture file with one frame or more."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob

    @cached_property
    def index(self) -> Index:
        """When the frames are shown, read once. Raises Unreadable."""
        with self._frames() as frames:
            lasting = [float(frame.info.get("duration") or 1000 / DEFAULT_FPS) for frame in frames]  # milliseconds
        edges = np.cumsum([0, *lasting]) / 1000 if len(lasting) > 1 else even_edges(1, DEFAULT_FPS)
        return Index(edges, constant_rate(edges, ()), None, np.zeros(1, int), Fraction(0), None)

    def decode(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Gives frames (H, W, 3) uint8 RGB of ascending numbers. Raises Unreadable."""
        if len(self) == 1:
            yield from [read_picture(self.blob)] * len(numbers)
            return
        wanted = set(numbers)
        with self._frames() as frames:
            for i, frame in enumerate(frames):
                if i in wanted:
                    yield self._opaque(frame)

    def _opaque(self, frame: Image.Image) -> np.ndarray:
        """(H, W, 3) uint8. Raises ValueError where something shows through."""
        rgba = np.array(frame.convert("RGBA"))  # (H, W, 4)
        if rgba[..., 3].min() < 255:
            raise ValueError(f"it {TRANSPARENT[:-1]}")
        return rgba[..., :3]

    @contextmanager
    def _frames(self) -> Iterator[Iterator[Image.Image]]:
        """Gives the frames, each decoded in its turn. Raises Unreadable."""
        with unreadable(self.blob, "an image", *BROKEN), Image.open(io.BytesIO(self.blob.read())) as image:
            yield (_at(image, i) for i in range(getattr(image, "n_frames", 1)))


def _at(image: Image.Image, number: int) -> Image.Image:
    """Returns the picture at one of its frames, decoded."""
    image.seek(number)
    image.load()
    return image
