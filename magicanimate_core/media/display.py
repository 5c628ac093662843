"""A decoded frame as it is displayed: its colours by its tags, upright, its pixels square. PyAV."""

from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from .images import TRANSPARENT

# FFmpeg's numbers of matrices and of transfer curves (ITU-T H.273), which PyAV gives and takes as they are
UNTAGGED = 2
NOT_READ = {8: "YCgCo", 11: "YDzDx", 12: "derived from its primaries", 13: "derived from its primaries", 14: "ICtCp"}
HDR = {16: "PQ", 18: "HLG"}
SQUARE = 0.01  # ratios of pixels that are this near to 1 come from rounding


def check_colour_tags(matrix: int | None, transfer: int | None) -> None:
    """Raises ValueError, "its colours are ...", for colours that would be read wrong. Arguments: tags of a stream."""
    if matrix in NOT_READ:
        raise ValueError(f"its colours are stored in a way that is not read here, {NOT_READ[matrix]}; convert it to BT.709")
    if transfer in HDR:
        raise ValueError(f"its colours are HDR ({HDR[transfer]}); convert it to SDR, BT.709")


def displayed(frame: av.VideoFrame, pixel_ratio: Fraction | None) -> np.ndarray:
    """Returns a frame as (H, W, 3) uint8 RGB. pixel_ratio: width / height of a pixel.

    Raises ValueError for what lies on nothing (alpha), and for what is turned by no right angle.
    """
    stored = _colours(frame)
    ratio = float(pixel_ratio or 1)
    if abs(ratio - 1) > SQUARE:  # by the nearest pixel: the parts of a DensePose must not be mixed
        axis, factor = (1, ratio) if ratio > 1 else (0, 1 / ratio)
        size = round(stored.shape[axis] * factor)
        stored = stored.take(((np.arange(size) + 0.5) / factor).astype(int).clip(0, stored.shape[axis] - 1), axis)
    return np.ascontiguousarray(_upright(stored, *_axes(frame)))


def _colours(frame: av.VideoFrame) -> np.ndarray:
    """Returns (H, W, 3) uint8 RGB as stored. Raises ValueError for transparent pixels.

    Matrix and range are named, because PyAV reads the frame's own only since version 17.
    """
    if frame.format.has_palette or any(component.is_alpha for component in frame.format.components):
        rgba = frame.to_ndarray(format="rgba")  # (H, W, 4)
        if rgba[..., 3].min() < 255:
            raise ValueError(f"it {TRANSPARENT[:-1]}")
        return rgba[..., :3]
    if frame.format.is_rgb:
        return frame.to_ndarray(format="rgb24")
    matrix = Colorspace.SMPTE170M if frame.colorspace in (UNTAGGED, Colorspace.ITU601) else frame.colorspace
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith(("yuvj", "gray"))
    return frame.to_ndarray(
        format="rgb24",
        src_colorspace=int(matrix),
        dst_colorspace=int(Colorspace.DEFAULT),  # any but the source's, or PyAV converts nothing
        src_color_range=int(ColorRange.JPEG if full else ColorRange.MPEG),
        dst_color_range=int(ColorRange.JPEG),
    )


def _axes(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Returns (a, b, c, d), each -1, 0 or 1: a stored pixel (x, y) is shown at (a x + c y, b x + d y). Raises ValueError."""
    try:
        stored = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # side data that PyAV has no name for, among which the matrix cannot be looked up
        turns = {0: (1, 0, 0, 1), 90: (0, -1, 1, 0), 180: (-1, 0, 0, -1), 270: (0, 1, -1, 0)}
        return turns.get(frame.rotation % 360) or _crooked()
    if stored is None:
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(bytes(stored), np.int32)[:5].astype(float)
    small = 0.01 * max(abs(a), abs(b), abs(c), abs(d))
    axes = tuple(int(np.sign(x)) if abs(x) > small else 0 for x in (a, b, c, d))
    straight = (axes[0] and axes[3] and not axes[1] and not axes[2]) or (axes[1] and axes[2] and not axes[0] and not axes[3])
    return axes if straight else _crooked()


def _crooked() -> tuple[int, int, int, int]:
    """Raises ValueError."""
    raise ValueError("it is to be turned by an angle that is no right one; turn it with a video editor")


def _upright(stored: np.ndarray, a: int, b: int, c: int, d: int) -> np.ndarray:
    """Turns and mirrors (H, W, 3)."""
    if a:
        return stored[::d, ::a]
    return stored.swapaxes(0, 1)[::b, ::c]
