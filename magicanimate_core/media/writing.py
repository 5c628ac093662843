"""Videos and pictures, written frame by frame; they appear under their names when they are whole. PyAV."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from ..disk import whole


class Encoding(NamedTuple):
    """How a video is compressed."""

    codec: str
    pixels: str  # FFmpeg's name of the pixel format
    options: dict[str, str]  # of the codec
    keyframes: int | None = None  # at most so many frames are decoded to reach one; None: the codec's own rule


# x264's macroblock tree is not the same twice; without it a resumed job writes the very same file
RESULT = Encoding("libx264", "yuv420p", {"crf": "14", "x264-params": "mbtree=0"})
INPUT = Encoding("libx264", "yuv420p", {"crf": "12"})  # as clips come from elsewhere
SMOOTH = Encoding("libx264", "yuv444p", {"crf": "12"}, keyframes=24)  # 4:2:0 takes as much room, for twice the error
LOSSLESS = Encoding("libx264rgb", "rgb24", {"qp": "0"}, keyframes=24)  # flat colours take no more room this way

Write = Callable[[np.ndarray], None]  # appends a frame (H, W, 3) uint8 RGB


@contextmanager
def video_writer(path: Path, fps: Fraction | float, width: int, height: int, how: Encoding = RESULT) -> Iterator[Write]:
    """Gives a function that appends a frame (H, W, 3) uint8 to an MP4. fps: frames per second."""
    rate = fps if isinstance(fps, Fraction) else Fraction(fps).limit_denominator(1001)
    with whole(path) as part:
        with av.open(str(part), "w", format="mp4") as container:
            stream = container.add_stream(how.codec, rate=rate, options=how.options)
            stream.width, stream.height, stream.pix_fmt = width, height, how.pixels
            if how.keyframes is not None:
                stream.codec_context.gop_size = how.keyframes

            def write(frame: np.ndarray) -> None:  # (H, W, 3)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))

            yield write
            container.mux(stream.encode())


def write_picture(path: Path, rgb: np.ndarray) -> None:
    """Writes a picture (H, W, 3) uint8 RGB as PNG."""
    with whole(path) as part, av.open(str(part), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("png", rate=1)
        stream.height, stream.width, stream.pix_fmt = *rgb.shape[:2], "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        container.mux(stream.encode())
