"""What was measured on one clip as a picture: metrics over its frames, correct ones at the left, DisCo's at the right."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...plan import ink
from ..results import ClipCurves
from .charts import BAND_ROLE, LINE_ROLE, MARK_ROLE, OTHER_ROLE, QUIET_ROLE, RIGHT, TEXT_ROLE, ChartBox, Point, curve_chart
from .columns import FAMILIES, higher_is_better, title
from .scale import number_words

PLOT_WIDTH, PLOT_MARGIN = 1040, 24  # of the picture, at its sides
PLOT_HEAD, PLOT_ROW, PLOT_NAME = 64, 176, 28  # heights: above all charts, of a chart, of its name
FINER = 2  # lines are drawn so much larger, and the picture made smaller: smooth edges
COLOURS = {
    MARK_ROLE: ink.SHARES[1],
    OTHER_ROLE: ink.WARM,
    TEXT_ROLE: ink.TEXT_COLOUR,
    QUIET_ROLE: ink.QUIET,
    LINE_ROLE: ink.LINE_COLOUR,
    BAND_ROLE: ink.SHARES[0],
}


class InkPen:
    """Draws charts on a picture."""

    def __init__(self, width: int, height: int) -> None:
        self.ink = ink.Ink(width * FINER, height * FINER)

    def line(self, points: Sequence[Point], role: str, dashed: bool = False) -> None:
        """Draws a line through points; a single point is a dot."""
        points = [(x * FINER, y * FINER) for x, y in points]
        if len(points) == 1:
            self.dots([(points[0][0] / FINER, points[0][1] / FINER)], role, ())
            return
        stretches = _dashes(points) if dashed else [points]
        for stretch in stretches:
            width = FINER if role == LINE_ROLE else 2 * FINER
            self.ink.draw.line(stretch, fill=COLOURS[role], width=width, joint="curve")

    def dots(self, points: Sequence[Point], role: str, names: Sequence[str]) -> None:
        """Draws dots."""
        for x, y in points:
            self.ink.draw.circle((x * FINER, y * FINER), 3 * FINER, fill=COLOURS[role])

    def box(self, box: ChartBox, role: str) -> None:
        """Fills a box."""
        self.ink.box(tuple(side * FINER for side in box), COLOURS[role])

    def write(self, x: float, y: float, words: str, role: str = QUIET_ROLE, anchor: str = "lm", size: int = 12) -> None:
        """Writes words."""
        self.ink.write(x * FINER, y * FINER, words, COLOURS[role], size * FINER, anchor)

    def wide(self, words: str, size: int) -> float:
        """Returns how wide words are."""
        return self.ink.wide(words, size * FINER) / FINER

    @property
    def picture(self) -> np.ndarray:
        """What was drawn, (h, w, 3) uint8."""
        return np.asarray(self.ink.image.reduce(FINER))


def _dashes(points: Sequence[Point], length: int = 6 * FINER) -> list[list[Point]]:
    """A level line in pieces."""
    (left, y), (right, _) = points
    return [[(x, y), (min(x + length, right), y)] for x in np.arange(left, right, 2 * length)]


def picture(results: Mapping[str, Any], curves: ClipCurves, heading: str) -> np.ndarray:
    """Returns the picture, (h, w, 3) uint8 RGB. curves: values of all frames (F,) by metric."""
    families = [family for family in FAMILIES if any(key in curves for key in (family.correct, *family.disco))]
    pen = InkPen(PLOT_WIDTH, PLOT_HEAD + PLOT_ROW * max(1, len(families)) + PLOT_MARGIN)
    pen.write(PLOT_MARGIN, 28, heading, TEXT_ROLE, size=20)
    half = (PLOT_WIDTH - 3 * PLOT_MARGIN) / 2
    left, right = PLOT_MARGIN, PLOT_WIDTH - PLOT_MARGIN
    for row, family in enumerate(families):
        top = PLOT_HEAD + row * PLOT_ROW
        _chart(pen, (left, top, left + half, top + PLOT_ROW), (family.correct,), results, curves)
        _chart(pen, (right - half, top, right, top + PLOT_ROW), family.disco, results, curves)
    if not families:
        pen.write(PLOT_MARGIN, PLOT_HEAD + PLOT_ROW / 2, "nothing was measured", size=14)
    return pen.picture


def _chart(
    pen: InkPen, box: ChartBox, keys: Sequence[str], results: Mapping[str, Any], curves: ClipCurves
) -> None:  # fmt: skip
    """Curves of one metric, their names and means above them. Pillow's letters have no arrows."""
    keys = [key for key in keys if key in curves]
    left, top, right, bottom = box
    x = left + 4
    lines = [(MARK_ROLE if not number else OTHER_ROLE, curves[key]) for number, key in enumerate(keys)]
    for key, (role, _) in zip(keys, lines, strict=True):
        words = f"{title(key)}   {number_words(results['overall'][key])}"
        pen.write(x, top + PLOT_NAME / 2, words, role if len(keys) > 1 else TEXT_ROLE, size=14)
        x += pen.wide(words, 14) + 24
    if keys:
        pen.write(
            right - RIGHT,
            top + PLOT_NAME / 2,
            "higher is better" if higher_is_better(keys[0]) else "lower is better",
            anchor="rm",
        )
    mean = results["overall"][keys[0]] if len(keys) == 1 else None  # of two, nobody would know whose it is
    if keys and not curve_chart(pen, (left, top + PLOT_NAME, right, bottom - 10), lines, mean):
        pen.write((left + right) / 2, (top + bottom) / 2, "no frame has a value", anchor="mm")
