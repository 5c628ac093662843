"""Rasteriser: a body is a stack of shaded, textured tubes, painted from far to near."""

import math
from dataclasses import dataclass

import numpy as np

ROWS, COLUMNS = 128, 128  # of a texture: along the tube, around it
_UNIT = np.linspace(0, 1, ROWS, dtype=np.float32)
_ARC_STEPS = 512
_ARC = np.arcsin(np.linspace(-1, 1, 2 * _ARC_STEPS + 1))  # angle from the middle, by relative distance from the axis
_ANGLES = (np.arange(COLUMNS * 3 // 2) + 0.5) * (2 * np.pi / COLUMNS) - 1.5 * np.pi  # of a wrapped texture's columns


@dataclass
class Skin:
    """How a tube looks, apart from where it is. Angles around a tube: 0 its front, pi / 2 its own left."""

    texture: np.ndarray  # (ROWS * COLUMNS * 3 // 2, 4) float32 RGB 0..255 and alpha; see `wrap`
    profile: np.ndarray  # (ROWS,) half width of the body along the tube, in body heights
    cloth: np.ndarray  # (ROWS,) half width with clothes
    caps: tuple[float, float]  # length of the rounded ends, in body heights
    parts: tuple[int, int] = (0, 0)  # part where cos(angle - split) > 0, part elsewhere; 0 does not label
    split: float = 0.0
    flat: float = 1.0  # depth of the cross-section relative to its width


@dataclass
class Tube:
    """A skin in the picture: ends in pixels, scale in pixels per body height, rotation (3, 3), key of the drawing order."""

    skin: Skin
    start: tuple[float, float]
    end: tuple[float, float]
    scale: float
    turn: np.ndarray
    key: float
    bend: float = 0.0  # sideways bow of the axis in pixels


@dataclass
class Canvas:
    image: np.ndarray  # (H, W, 3) uint8
    parts: np.ndarray  # (H, W) uint8
    mask: np.ndarray  # (H, W) bool


def wrap(texture: np.ndarray) -> np.ndarray:
    """(ROWS, COLUMNS, 3 or 4), angles -pi..pi -> what `Skin.texture` holds: angles -1.5 pi..1.5 pi, with alpha."""
    if texture.shape[2] == 3:
        texture = np.dstack([texture, np.full(texture.shape[:2], 255)])
    quarter = COLUMNS // 4
    return np.hstack([texture[:, -quarter:], texture, texture[:, :quarter]]).reshape(-1, 4).astype(np.float32)


def _facing(turn: np.ndarray, across: tuple[float, float], flat: float) -> tuple[float, float, float, list[float]]:
    """Width factor, angle at the middle, direction in which angles grow, and the normal at the middle."""
    (lx, ux, fx), (ly, uy, fy), (lz, uz, fz) = turn.tolist()
    ex, ey = across
    near = [-ux * uz, -uy * uz, 1.0 - uz * uz]
    slip = near[0] * ex + near[1] * ey
    near = [near[0] - slip * ex, near[1] - slip * ey, near[2]]
    norm = max(math.hypot(*near), 1e-6)
    near = [v / norm for v in near]
    left, front = lx * ex + ly * ey, flat * (fx * ex + fy * ey)
    width, delta = math.hypot(left, front), math.atan2(front, left)
    towards = math.cos(delta) * (fx * near[0] + fy * near[1] + fz * near[2])
    if towards - math.sin(delta) * (lx * near[0] + ly * near[1] + lz * near[2]) >= 0:
        return width, -delta, 1.0, near
    return width, math.pi - delta, -1.0, near


def _widths(skin: Skin, length: float, scale: float, width: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Length of the first cap and half widths (body, and with clothes) in pixels at ROWS places from cap to cap."""
    first, last = skin.caps[0] * scale, skin.caps[1] * scale
    along = _UNIT * np.float32(length + first + last) - np.float32(first)
    inner = np.minimum(np.maximum(along, 0), np.float32(length))
    beyond = (along - inner) / np.where(along < 0, np.float32(max(first, 1e-3)), np.float32(max(last, 1e-3)))
    row = (inner * np.float32((ROWS - 1) / length)).astype(np.int32)
    shape = np.sqrt(np.maximum(1 - beyond * beyond, 0)) * np.float32(scale * width)
    body = skin.profile[row] * shape
    return first, body, np.maximum(skin.cloth[row] * shape, body)


def _window(tube: Tube, reach: float, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Pixels left, right, top, bottom that hold the tube, within the picture."""
    (x0, y0), (x1, y1), (height, wide) = tube.start, tube.end, shape
    left, right = max(int(min(x0, x1) - reach), 0), min(int(max(x0, x1) + reach) + 2, wide)
    top, bottom = max(int(min(y0, y1) - reach), 0), min(int(max(y0, y1) + reach) + 2, height)
    return left, right, top, bottom


def _cover(tube: Tube, axis: tuple[float, float], length: float, first: float, outer: np.ndarray, shape: tuple[int, int]):
    """Pixels of the tube: their places in the picture, rows of the texture, and signed distances from the axis."""
    reach = float(outer.max()) + abs(tube.bend) + 1
    left, right, top, bottom = _window(tube, max(reach, max(tube.skin.caps) * tube.scale), shape)
    if left >= right or top >= bottom:
        return None
    ax, ay = (np.float32(v) for v in axis)
    xs = np.arange(left, right, dtype=np.float32) - np.float32(tube.start[0] - 0.5)
    ys = (np.arange(top, bottom, dtype=np.float32) - np.float32(tube.start[1] - 0.5))[:, None]
    offset = (ys * ax - xs * ay).ravel()
    row = (
        (xs * ax + ys * ay + np.float32(first)) * np.float32((ROWS - 1) / (length + sum(tube.skin.caps) * tube.scale))
    ).ravel()
    near = np.flatnonzero((np.abs(offset) < reach) & (row >= 0) & (row < ROWS))
    row, offset = row[near], offset[near]
    if tube.bend:
        place = row * np.float32(1 / ROWS)
        offset = offset - np.float32(4 * tube.bend) * place * (1 - place)
    row = row.astype(np.int32)
    keep = np.flatnonzero(np.abs(offset) < outer[row])
    near, row, offset = near[keep], row[keep], offset[keep]
    down = near // (right - left)
    return near + down * (shape[1] - right + left) + (top * shape[1] + left), row, offset


def paint_tube(canvas: Canvas, tube: Tube, light: np.ndarray) -> None:
    """Paints one tube; `light` (3,) points to the light, its length is the contrast."""
    (x0, y0), (x1, y1), skin = tube.start, tube.end, tube.skin
    length = max(math.hypot(x1 - x0, y1 - y0), 1e-2)
    ax, ay = (x1 - x0) / length, (y1 - y0) / length
    across = (-ay, -ax)  # the picture's y points down; upright tubes have it to the picture's right
    width, middle, sense, near = _facing(tube.turn, across, skin.flat)
    first, body, outer = _widths(skin, length, tube.scale, width)
    covered = _cover(tube, (ax, ay), length, first, outer, canvas.parts.shape)
    if covered is None:
        return
    place, row, offset = covered
    v = offset / outer[row]
    middle = (middle + np.pi) % (2 * np.pi) - np.pi
    columns = ((_ARC * sense + middle) * (COLUMNS / (2 * np.pi)) + 0.75 * COLUMNS).astype(np.int32)
    column = columns.clip(0, len(_ANGLES) - 1)[(v * _ARC_STEPS + _ARC_STEPS).astype(np.int32)]
    side, ahead = (np.float32(np.dot(light[: len(axis)], axis)) for axis in (across, near))
    shade = 1 + v * side + (np.sqrt(1 - v * v) - np.float32(0.8)) * ahead
    _store(canvas, place, skin.texture[row * (COLUMNS * 3 // 2) + column], shade)
    if skin.parts[0]:
        bare = np.flatnonzero(np.abs(offset) < body[row])
        canvas.parts.reshape(-1)[place[bare]] = np.where(np.cos(_ANGLES - skin.split) > 0, *skin.parts)[column[bare]]


def _store(canvas: Canvas, place: np.ndarray, colour: np.ndarray, shade: np.ndarray) -> None:
    seen = np.flatnonzero(colour[:, 3] > 127)
    if len(seen) < len(place):
        place, colour, shade = place[seen], colour[seen], shade[seen]
    canvas.image.reshape(-1, 3)[place] = (colour[:, :3] * shade[:, None]).clip(0, 255).astype(np.uint8)
    canvas.mask.reshape(-1)[place] = True
