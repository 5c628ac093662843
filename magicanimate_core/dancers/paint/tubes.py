"""Tubes, of which a painted body is a stack: shape, texture and parts, and where they lie in the picture."""

from dataclasses import dataclass

import numpy as np

ROWS, COLUMNS = 128, 128  # of a texture: along the tube, around it


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
    """A skin in the picture."""

    skin: Skin
    start: tuple[float, float]  # pixels
    end: tuple[float, float]
    scale: float  # pixels per body height
    turn: np.ndarray  # (3, 3) rotation; its columns are the bone's left, up and front
    key: float  # of the drawing order
    bend: float = 0.0  # sideways bow of the axis in pixels


@dataclass
class Canvas:
    """What is painted on."""

    image: np.ndarray  # (H, W, 3) uint8
    parts: np.ndarray  # (H, W) uint8
    mask: np.ndarray  # (H, W) bool


def wrap(texture: np.ndarray) -> np.ndarray:
    """Repeats a texture (ROWS, COLUMNS, 3 or 4) of angles -pi..pi to -1.5 pi..1.5 pi, with alpha: a `Skin.texture`."""
    if texture.shape[2] == 3:
        texture = np.dstack([texture, np.full(texture.shape[:2], 255)])
    quarter = COLUMNS // 4
    return np.hstack([texture[:, -quarter:], texture, texture[:, :quarter]]).reshape(-1, 4).astype(np.float32)
