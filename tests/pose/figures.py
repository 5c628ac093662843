"""Part maps to be found again: plain figures, whose parts lie where a body has them."""

import numpy as np

BODY = (  # part, and where it lies: left, top, right, bottom of a unit square
    (23, 0.4, 0.0, 0.5, 0.18), (24, 0.5, 0.0, 0.6, 0.18),
    (16, 0.12, 0.2, 0.28, 0.45), (15, 0.72, 0.2, 0.88, 0.45), (20, 0.06, 0.45, 0.22, 0.65), (19, 0.78, 0.45, 0.94, 0.65),
    (2, 0.28, 0.18, 0.72, 0.55),
    (9, 0.3, 0.55, 0.48, 0.78), (10, 0.52, 0.55, 0.7, 0.78), (13, 0.32, 0.78, 0.48, 1.0), (14, 0.52, 0.78, 0.68, 1.0),
)  # fmt: skip


def draw(parts: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Draws a figure into a map (H, W), in place; box: left, top, right, bottom in pixels, may reach over the border."""
    left, top, right, bottom = box
    for part, x0, y0, x1, y1 in BODY:
        columns = [max(0, round(left + x * (right - left))) for x in (x0, x1)]
        rows = [max(0, round(top + y * (bottom - top))) for y in (y0, y1)]
        parts[rows[0] : rows[1], columns[0] : columns[1]] = part
    return parts


def two_figures(height: int, width: int, apart: int = 0) -> np.ndarray:
    """Returns a map (H, W) uint8: a large figure in the left half, a smaller one, `apart` pixels lower, in the right."""
    parts = np.zeros((height, width), np.uint8)
    draw(parts, (width * 0.05, height * 0.05, width * 0.45, height * 0.95))
    return draw(parts, (width * 0.6, height * 0.2 + apart, width * 0.9, height * 0.75 + apart))


def off_share(found: np.ndarray, truth: np.ndarray) -> float:
    """Returns the share of wrong pixels among those where a person is, or is said to be."""
    person = (found > 0) | (truth > 0)
    return float((found != truth)[person].mean())
