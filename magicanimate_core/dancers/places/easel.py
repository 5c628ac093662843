"""A picture to paint on, in relative coordinates."""

from collections.abc import Sequence

import cv2
import numpy as np

from ...media.densepose import Rgb


class Easel:
    """A picture (H, W, 3) float32 and brushes in relative coordinates: x 0..1 over the width, y 0..1 over the height."""

    def __init__(self, height: int, width: int) -> None:
        self.image = np.zeros((height, width, 3), np.float32)
        self.height, self.width = height, width

    def fade(self, top: float, bottom: float, first: Rgb, last: Rgb) -> None:
        """Vertical gradient."""
        y0, y1 = (round(min(y, 1.0) * self.height) for y in (top, bottom))
        step = np.linspace(0, 1, max(y1 - y0, 1), dtype=np.float32)[: y1 - y0, None, None]
        self.image[y0:y1] = np.array(first, np.float32) * (1 - step) + np.array(last, np.float32) * step

    def shape(self, points: Sequence[tuple[float, float]] | np.ndarray, colour: Rgb) -> None:
        """Polygon; points (N, 2)."""
        at = np.round(np.array(points) * [self.width * 8, self.height * 8]).astype(np.int32)
        cv2.fillPoly(self.image, [at], tuple(float(c) for c in colour), cv2.LINE_8, 3)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Rgb) -> None:
        self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour)

    def disc(self, x: float, y: float, radius: float, colour: Rgb, squash: float = 1.0) -> None:
        """Ellipse; the radius is relative to the height."""
        angle = np.linspace(0, 2 * np.pi, 40)
        rx = radius * self.height / self.width
        self.shape(np.stack([x + rx * np.cos(angle), y + radius * squash * np.sin(angle)], 1), colour)

    def glow(self, x: float, y: float, radius: float, colour: Rgb, strength: float) -> None:
        """Adds light."""
        ys, xs = np.mgrid[: self.height, : self.width].astype(np.float32)
        away = ((xs / self.width - x) * self.width / self.height) ** 2 + (ys / self.height - y) ** 2
        self.image += (strength * np.exp(-away / radius**2))[..., None] * np.array(colour, np.float32)


def tone(colour: Rgb, factor: float) -> Rgb:
    """Returns the colour lighter or darker."""
    return tuple(float(np.clip(c * factor, 0, 255)) for c in colour)
