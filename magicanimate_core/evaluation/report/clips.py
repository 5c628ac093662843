"""True and generated frames side by side, with their difference, as a short video inside a page."""

import base64
import io
import tempfile
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ...media.writing import Encoding, video_writer

WEB = Encoding("libvpx-vp9", "yuv420p", {"crf": "32", "b": "0", "deadline": "realtime", "cpu-used": "6"}, container="webm")
PANELS = ("true", "generated", "difference")


class Player(NamedTuple):
    """A video as the address of itself, and its first picture as the address of that."""

    address: str  # data:video/webm;base64,...
    poster: str  # data:image/webp;base64,...
    width: int
    height: int


def player(generated: Iterable[np.ndarray], true: Iterable[np.ndarray], fps: float, side: int, most: int) -> Player:
    """Makes a video of pairs of frames (H, W, 3) uint8, three panels in a row, each at most `side` pixels wide and high.

    It ends with the shorter of both, or after `most` frames. A generated frame of another size is brought to the true one's.
    Raises ValueError where there is no pair.
    """
    rows = (_panels(made, real, side) for made, real in islice(zip(generated, true, strict=False), most))
    first = next(rows, None)
    if first is None:
        raise ValueError("there is no frame that both have.")
    height, width = first.shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.webm"
        with video_writer(path, fps, width, height, WEB) as write:
            for row in chain([first], rows):
                write(row)
        film = path.read_bytes()
    still = io.BytesIO()
    Image.fromarray(first).save(still, "webp")
    return Player(_address("video/webm", film), _address("image/webp", still.getvalue()), width, height)


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _panels(made: np.ndarray, true: np.ndarray, side: int) -> np.ndarray:
    """One picture (h, 3 w, 3) uint8; sizes are even, as the codec has them."""
    height, width = true.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = tuple(max(2, 2 * round(length * scale / 2)) for length in (width, height))
    true, made = (_sized(frame, size) for frame in (true, made))
    difference = np.abs(true.astype(np.int16) - made).astype(np.uint8)
    return np.concatenate([true, made, difference], 1)


def _sized(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A frame (H, W, 3) at (width, height)."""
    if frame.shape[1::-1] == size:
        return frame
    return np.asarray(Image.fromarray(np.ascontiguousarray(frame)).resize(size, Image.Resampling.BILINEAR))
