"""What the picture of a plan is drawn with: colours, letters, hatching. Numbers are pixels."""

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..media.densepose import Rgb

Box = tuple[float, float, float, float]  # left, top, right, bottom; right and bottom are outside

PAPER: Rgb = (32, 34, 38)
LINE_COLOUR: Rgb = (72, 76, 84)
TEXT_COLOUR: Rgb = (222, 224, 228)
QUIET: Rgb = (150, 155, 164)
WARM: Rgb = (242, 166, 73)  # what goes over the end of the clip
SHARES: tuple[Rgb, ...] = ((64, 116, 168), (104, 172, 220), (176, 224, 246))  # of a frame in 1, 2, more windows
SHARES_WARM: tuple[Rgb, ...] = ((176, 104, 40), WARM, (252, 212, 148))


class Ink:
    """Draws on a new picture."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def box(self, box: Box, colour: Rgb, gap: int = 0) -> None:
        """Fills a box, at least a pixel wide and high; gap: what stays free at its right and below."""
        left, top, right, bottom = (round(side) for side in box)
        self.draw.rectangle((left, top, max(left, right - 1 - gap), max(top, bottom - 1 - gap)), fill=colour)

    def hatch(self, box: Box, colour: Rgb = PAPER, every: int = 6) -> None:
        """Lays slanting lines over a box."""
        left, top, right, bottom = (round(side) for side in box)
        width, height = max(1, right - left), max(1, bottom - top)
        lines = Image.new("L", (width, height), 0)
        pen = ImageDraw.Draw(lines)
        for x in range((-left) % every - height - every, width + height, every):  # the same grid for all boxes
            pen.line((x, height, x + height, 0), fill=255, width=2)
        self.image.paste(colour, (left, top), lines)

    def paste(self, image: np.ndarray, x: int, y: float) -> None:
        """Lays a picture (h, w, 3) uint8 there."""
        self.image.paste(Image.fromarray(image), (x, round(y)))

    def write(self, x: float, y: float, words: str, colour: Rgb = TEXT_COLOUR, size: int = 14, anchor: str = "lm") -> None:
        """Writes words; anchor as Pillow's: left, middle or right of x; top or middle of y."""
        self.draw.text((x, y), words, fill=colour, font=font(size), anchor=anchor)

    def wide(self, words: str, size: int = 14) -> float:
        """Returns how wide words are."""
        return self.draw.textlength(words, font=font(size))


def font(size: int) -> ImageFont.FreeTypeFont:
    """Returns Pillow's own letters."""
    return ImageFont.load_default(size)


def noise_colour(number: int, kinds: int) -> Rgb:
    """Returns a colour for one of so many noises, round the circle of hues."""
    red, green, blue = colorsys.hls_to_rgb(number / max(1, kinds), 0.60, 0.50)
    return round(255 * red), round(255 * green), round(255 * blue)


def faint(colour: Rgb) -> Rgb:
    """Returns a colour half-way to the paper's, on which light letters can be read."""
    return tuple((part + paper) // 2 for part, paper in zip(colour, PAPER, strict=True))
