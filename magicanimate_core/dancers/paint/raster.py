"""A tube as pixels: which ones it covers, what of its texture they show, how light falls on them."""

import math
from typing import NamedTuple

import numpy as np

from .tubes import COLUMNS, ROWS, Canvas, Skin, Tube

_UNIT = np.linspace(0, 1, ROWS, dtype=np.float32)
_ARC_STEPS = 512
_ARC = np.arcsin(np.linspace(-1, 1, 2 * _ARC_STEPS + 1))  # angle from the middle, by relative distance from the axis
_ANGLES = (np.arange(COLUMNS * 3 // 2) + 0.5) * (2 * np.pi / COLUMNS) - 1.5 * np.pi  # of a wrapped texture's columns


class _Side(NamedTuple):
    """The side of a tube that the viewer sees."""

    width: float  # half width, relative to that of the tube seen from its front
    middle: float  # angle of the line in the middle
    sense: float  # 1 where angles grow in the direction `across`, else -1
    normal: list[float]  # (3,) of the line in the middle


def _visible_side(turn: np.ndarray, across: tuple[float, float], flat: float) -> _Side:
    r"""Which side of a tube with rotation `turn` (3, 3) is seen; `across` is the picture's direction across it, y up.

         viewer
           ^ normal            The cross-section is an ellipse: a point at angle t is at
       . - | - .               sin t left + flat cos t front, which in the picture lies
     /     |     \             left_across sin t + front_across cos t
    |      o ---- | -> across    = width sin(t + shift) across.
     \           /             In the middle that is zero: t is -shift or, seen from the
       ` - - - '               other side, pi - shift.
    """
    (left_x, up_x, front_x), (left_y, up_y, front_y), (left_z, up_z, front_z) = turn.tolist()
    across_x, across_y = across
    normal = [-up_x * up_z, -up_y * up_z, 1.0 - up_z * up_z]  # to the viewer, without what goes along the tube
    slip = normal[0] * across_x + normal[1] * across_y
    normal = [normal[0] - slip * across_x, normal[1] - slip * across_y, normal[2]]
    norm = max(math.hypot(*normal), 1e-6)
    normal = [v / norm for v in normal]
    left_across, front_across = left_x * across_x + left_y * across_y, flat * (front_x * across_x + front_y * across_y)
    width, shift = math.hypot(left_across, front_across), math.atan2(front_across, left_across)
    towards = math.cos(shift) * (front_x * normal[0] + front_y * normal[1] + front_z * normal[2])
    if towards - math.sin(shift) * (left_x * normal[0] + left_y * normal[1] + left_z * normal[2]) >= 0:
        return _Side(width, -shift, 1.0, normal)
    return _Side(width, math.pi - shift, -1.0, normal)


def _widths(skin: Skin, length: float, scale: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Half widths of the body, and with clothes, in pixels at ROWS places from cap to cap, (ROWS,) each.

    length: of the axis, without the caps, in pixels; scale: pixels per body height; width: that of the visible side.
    """
    first, last = skin.caps[0] * scale, skin.caps[1] * scale
    along = _UNIT * np.float32(length + first + last) - np.float32(first)
    inner = np.minimum(np.maximum(along, 0), np.float32(length))
    beyond = (along - inner) / np.where(along < 0, np.float32(max(first, 1e-3)), np.float32(max(last, 1e-3)))
    row = (inner * np.float32((ROWS - 1) / length)).astype(np.int32)
    rounded = np.sqrt(np.maximum(1 - beyond * beyond, 0)) * np.float32(scale * width)
    body = skin.profile[row] * rounded
    return body, np.maximum(skin.cloth[row] * rounded, body)


def _window(tube: Tube, reach: float, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Pixels left, right, top, bottom that hold the tube, within a picture of `shape` (H, W)."""
    (x0, y0), (x1, y1), (height, wide) = tube.start, tube.end, shape
    left, right = max(int(min(x0, x1) - reach), 0), min(int(max(x0, x1) + reach) + 2, wide)
    top, bottom = max(int(min(y0, y1) - reach), 0), min(int(max(y0, y1) + reach) + 2, height)
    return left, right, top, bottom


class _Cover(NamedTuple):
    """The N pixels of a tube."""

    place: np.ndarray  # (N,) in the flattened picture
    row: np.ndarray  # (N,) int32, of the texture
    offset: np.ndarray  # (N,) signed distance from the axis in pixels


def _cover(tube: Tube, axis: tuple[float, float], length: float, outer: np.ndarray, shape: tuple[int, int]) -> _Cover | None:
    """Finds the pixels of a tube in a picture of `shape` (H, W); None if it lies outside.

      .-----------------------------.  ^ offset, up to outer[row], (ROWS,)
    ( cap | start --- axis ---> end | cap )
      `-----------------------------'
    row 0                     row ROWS - 1
    """
    reach = float(outer.max()) + abs(tube.bend) + 1
    left, right, top, bottom = _window(tube, max(reach, max(tube.skin.caps) * tube.scale), shape)
    if left >= right or top >= bottom:
        return None
    axis_x, axis_y = (np.float32(v) for v in axis)
    first = tube.skin.caps[0] * tube.scale
    xs = np.arange(left, right, dtype=np.float32) - np.float32(tube.start[0] - 0.5)
    ys = (np.arange(top, bottom, dtype=np.float32) - np.float32(tube.start[1] - 0.5))[:, None]
    offset = (ys * axis_x - xs * axis_y).ravel()
    rows_a_pixel = np.float32((ROWS - 1) / (length + sum(tube.skin.caps) * tube.scale))
    row = ((xs * axis_x + ys * axis_y + np.float32(first)) * rows_a_pixel).ravel()
    inside = np.flatnonzero((np.abs(offset) < reach) & (row >= 0) & (row < ROWS))
    row, offset = row[inside], offset[inside]
    if tube.bend:  # a parabola, highest in the middle of the axis
        along = row * np.float32(1 / ROWS)
        offset = offset - np.float32(4 * tube.bend) * along * (1 - along)
    row = row.astype(np.int32)
    covered = np.flatnonzero(np.abs(offset) < outer[row])
    inside, row, offset = inside[covered], row[covered], offset[covered]
    down = inside // (right - left)
    return _Cover(inside + down * (shape[1] - right + left) + (top * shape[1] + left), row, offset)


def paint_tube(canvas: Canvas, tube: Tube, light: np.ndarray) -> None:
    """Paints one tube; `light` (3,) points to the light, its length is the contrast."""
    (x0, y0), (x1, y1), skin = tube.start, tube.end, tube.skin
    length = max(math.hypot(x1 - x0, y1 - y0), 1e-2)
    axis = (x1 - x0) / length, (y1 - y0) / length
    across = (-axis[1], -axis[0])  # y up, while the picture's points down; of upright tubes, to the picture's right
    side = _visible_side(tube.turn, across, skin.flat)
    body, outer = _widths(skin, length, tube.scale, side.width)
    pixels = _cover(tube, axis, length, outer, canvas.parts.shape)
    if pixels is None:
        return
    relative = pixels.offset / outer[pixels.row]  # (N,) -1..1
    column = _columns(side)[(relative * _ARC_STEPS + _ARC_STEPS).astype(np.int32)]
    sideways, ahead = (np.float32(np.dot(light[: len(way)], way)) for way in (across, side.normal))
    shade = 1 + relative * sideways + (np.sqrt(1 - relative * relative) - np.float32(0.8)) * ahead
    _store(canvas, pixels.place, skin.texture[pixels.row * (COLUMNS * 3 // 2) + column], shade)
    if skin.parts[0]:
        bare = np.flatnonzero(np.abs(pixels.offset) < body[pixels.row])
        canvas.parts.reshape(-1)[pixels.place[bare]] = _parts_around(skin)[column[bare]]


def _columns(side: _Side) -> np.ndarray:
    """Columns of a wrapped texture by relative distance from the axis, (2 _ARC_STEPS + 1,) int32."""
    middle = (side.middle + np.pi) % (2 * np.pi) - np.pi
    columns = ((_ARC * side.sense + middle) * (COLUMNS / (2 * np.pi)) + 0.75 * COLUMNS).astype(np.int32)
    return columns.clip(0, len(_ANGLES) - 1)


def _parts_around(skin: Skin) -> np.ndarray:
    """Parts by column of a wrapped texture, (COLUMNS * 3 // 2,)."""
    return np.where(np.cos(_ANGLES - skin.split) > 0, *skin.parts)


def _store(canvas: Canvas, place: np.ndarray, colour: np.ndarray, shade: np.ndarray) -> None:
    """Writes colours (N, 4), shaded by (N,), to places (N,) of the flattened picture; transparent ones are left out."""
    seen = np.flatnonzero(colour[:, 3] > 127)
    if len(seen) < len(place):
        place, colour, shade = place[seen], colour[seen], shade[seen]
    canvas.image.reshape(-1, 3)[place] = (colour[:, :3] * shade[:, None]).clip(0, 255).astype(np.uint8)
    canvas.mask.reshape(-1)[place] = True
