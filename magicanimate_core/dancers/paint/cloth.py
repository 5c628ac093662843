"""Textures of cloth and skin: (ROWS, COLUMNS, 3) float32, rows along a tube, columns around it."""

import numpy as np

from ..body.people import Colour
from .tubes import COLUMNS, ROWS

ALONG = np.linspace(0, 1, ROWS, dtype=np.float32)[:, None]
ANGLES = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False, dtype=np.float32)[None, :]


def plain(colour: Colour) -> np.ndarray:
    """Returns a texture (ROWS, COLUMNS, 3) of one colour."""
    return np.broadcast_to(np.array(colour, np.float32), (ROWS, COLUMNS, 3)).copy()


def mix(base: np.ndarray, colour: Colour, where: np.ndarray) -> np.ndarray:
    """Lays `colour` over `base` where a map (ROWS, COLUMNS) is true, or as far as it is one."""
    weight = np.broadcast_to(where, (ROWS, COLUMNS)).astype(np.float32)[..., None]
    return base * (1 - weight) + np.array(colour, np.float32) * weight


def dark(colour: Colour, factor: float = 0.72) -> Colour:
    """Returns a darker shade."""
    return tuple(int(c * factor) for c in colour)


def fabric(pattern: str, ground: Colour, second: Colour, bands: float = 7.0) -> np.ndarray:
    """Returns cloth (ROWS, COLUMNS, 3) with a pattern; `bands` is how often it repeats along the tube."""
    base = plain(ground)
    rows, columns = ALONG * bands, ANGLES * (5 / np.pi)
    if pattern == "stripes":
        return mix(base, second, rows % 1 > 0.55)
    if pattern == "pinstripes":
        return mix(base, second, (columns * 1.2) % 1 > 0.6)
    if pattern == "checks":
        return mix(base, second, 0.5 * (rows % 1 > 0.5) + 0.5 * (columns % 1 > 0.5))
    if pattern == "dots":
        column = columns + 0.5 * (np.floor(rows) % 2)
        return mix(base, second, (rows % 1 - 0.5) ** 2 + (column % 1 - 0.5) ** 2 < 0.09)
    if pattern == "gradient":
        return mix(base, second, ALONG)
    return base


def emblem(base: np.ndarray, pattern: str, colour: Colour, at: float = 0.66) -> np.ndarray:
    """Prints on the chest: a disc with a bar ("logo") or a star; other patterns have none."""
    up, side = (ALONG - at) / 0.11, ANGLES / 0.62
    if pattern == "logo":
        ring = up**2 + side**2
        return mix(base, colour, ((ring < 1) & (ring > 0.35)) | ((abs(up) < 0.22) & (abs(side) < 1)))
    if pattern == "star":
        angle, radius = np.arctan2(side, up), np.hypot(up, side)
        return mix(base, colour, radius < 0.62 + 0.42 * np.cos(5 * angle))
    return base


def folds(base: np.ndarray, seed: int, strength: float = 0.07) -> np.ndarray:
    """Lays soft, random folds into cloth (ROWS, COLUMNS, 3), along and across the tube."""
    rng = np.random.default_rng(seed)
    waves = np.zeros((ROWS, COLUMNS), np.float32)
    for _ in range(4):
        waves += np.sin(rng.uniform(6, 22) * ALONG + int(rng.integers(1, 4)) * ANGLES + rng.uniform(0, 6.3))
    return base * (1 + strength * 0.5 * waves[..., None])
