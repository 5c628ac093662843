"""DensePose of drawn dancers in every form, through codecs and resizes, and pictures that hold no parts."""

import io
from functools import cache

import av
import numpy as np
from pack.magicanimate_core.dancers import clip
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.pose.forms import FORMS
from pack.magicanimate_core.pose.palettes import SAPIENS
from PIL import Image

SIDE, FRAMES = 192, 4
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
COARSE = np.array([0, 1, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 14])


@cache
def dancer(number: int = 3) -> np.ndarray:
    """Part maps (F, H, W) uint8 of a drawn dancer."""
    drawn = clip(number, frames=FRAMES * 6, height=SIDE, width=SIDE)
    return np.stack([drawn.frame(i * 6).parts for i in range(FRAMES)])


@cache
def film() -> np.ndarray:
    """The dancer as she looks, (F, H, W, 3) uint8."""
    drawn = clip(3, frames=FRAMES * 6, height=SIDE, width=SIDE)
    return np.stack([drawn.frame(i * 6).image for i in range(FRAMES)])


def grey() -> np.ndarray:
    """The film without colours, (F, H, W, 3) uint8."""
    return np.repeat(film().mean(-1, keepdims=True).astype(np.uint8), 3, -1)


def drawn(name: str, parts: np.ndarray | None = None) -> np.ndarray:
    """Part maps (F, H, W) as people save them in a form, (F, H, W, 3) uint8, painted exactly."""
    parts, form = dancer() if parts is None else parts, FORMS[name]
    if name == "numbers":
        return np.repeat(parts[..., None], 3, -1)
    if form.channel is not None:
        u, v = ((ROWS * 4 + parts * 40) % 250, (COLUMNS * 4 + parts * 70) % 250)
        iuv = np.stack([parts, u * (parts > 0), v * (parts > 0)], -1).astype(np.uint8)
        return iuv if form.channel == 0 else iuv[..., ::-1]
    colours, figure = form.colours[parts], (parts > 0)[..., None]
    if form.over_grey:
        return np.where(figure, np.trunc(0.3 * grey() + 0.7 * colours), grey()).astype(np.uint8)
    return np.where(figure, colours, 0).astype(np.uint8) if "_black" in name else colours


def through(frames: np.ndarray, codec: str) -> np.ndarray:
    """Frames (F, H, W, 3) out of h264 at a quality ("crf 18") or out of mpeg4; "none": as they are."""
    if codec == "none":
        return frames
    file, quality = io.BytesIO(), {"crf": codec.split()[-1]} if codec.startswith("crf") else {}
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264" if quality else "mpeg4", rate=25, options=quality)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def resized(frames: np.ndarray, side: int) -> np.ndarray:
    """Frames (F, H, W, 3) brought to another size with blurred edges."""
    return np.stack([np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.BILINEAR)) for rgb in frames])


def coarse(name: str) -> np.ndarray:
    """A map of 14 parts in a palette's colours."""
    levels = np.linspace(0, 24, 15)[COARSE]
    table = FORMS[name].colours.astype(float)
    colours = np.stack([np.interp(levels, np.arange(25), table[:, c]) for c in range(3)], -1)
    return colours.astype(np.uint8)[dancer()]


def depth(name: str) -> np.ndarray:
    """A smooth picture in a palette's colours, as of depth."""
    table = FORMS[name].colours.astype(float)
    levels = (np.hypot(ROWS - 90, COLUMNS - 80) / 8).clip(0, 24)
    return np.stack([np.interp(levels, np.arange(25), table[:, c]) for c in range(3)], -1).astype(np.uint8)[None]


def skeleton() -> np.ndarray:
    """OpenPose: thin strong lines on black."""
    frame = np.zeros((1, SIDE, SIDE, 3), np.uint8)
    for i in range(9):
        colour = np.array([(255, 0, 0), (255, 170, 0), (0, 255, 0), (0, 170, 255), (170, 0, 255)])[i % 5]
        frame[:, 20 + 15 * i : 150, 20 + 18 * i : 23 + 18 * i] = colour * 0.8
    return frame


def contours() -> np.ndarray:
    """Coloured lines over a grey photo."""
    lines = (dancer() > 0) & (((ROWS + dancer() * 5) % 16 < 1) | ((COLUMNS + dancer() * 3) % 16 < 1))
    return np.where(lines[..., None], drawn("viridis", (ROWS + dancer()) % 25), grey())


def sapiens() -> np.ndarray:
    """The dancer in Sapiens' colours."""
    return np.concatenate([[(50, 50, 50)], SAPIENS]).astype(np.uint8)[dancer()]


def persons() -> np.ndarray:
    """_INDS.png of three people."""
    return np.repeat(((dancer() > 0) * 1 + (dancer() > 8) * 1)[..., None], 3, -1).astype(np.uint8)


def wrong(found: np.ndarray, truth: np.ndarray | None = None) -> float:
    """The share of person pixels whose colour (F, H, W, 3) is not that of their part (F, H, W)."""
    truth = dancer() if truth is None else truth
    return float((found != paint(truth)).any(-1)[truth > 0].mean())
