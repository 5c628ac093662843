"""A chart, drawn with any pen: a value for each video with the mean and its interval, or curves over frames.

Coordinates are pixels from the top left. Colours are roles, which each pen knows in its own way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .scale import is_number, number_words, thinned_curve, tick_words, ticks

Point = tuple[float, float]
ChartBox = tuple[float, float, float, float]  # left, top, right, bottom
MARK_ROLE, OTHER_ROLE, TEXT_ROLE, QUIET_ROLE, LINE_ROLE, BAND_ROLE = "mark", "other", "text", "quiet", "line", "band"
LEFT, RIGHT, ABOVE, BELOW = 56, 12, 8, 22  # room beside the chart itself
POINTS = 600  # most of one curve


class Pen(Protocol):
    """What a chart is drawn with."""

    def line(self, points: Sequence[Point], role: str, dashed: bool = False) -> None:
        """Draws a line through points; a single point is a dot."""

    def dots(self, points: Sequence[Point], role: str, names: Sequence[str]) -> None:
        """Draws dots, with what each of them is."""

    def box(self, box: ChartBox, role: str) -> None:
        """Fills a box."""

    def write(self, x: float, y: float, words: str, role: str = QUIET_ROLE, anchor: str = "lm") -> None:
        """Writes words at left, middle or right of x, the middle of y."""


@dataclass(frozen=True)
class ChartFrame:
    """Where values stand: `count` places from left to right, between two values from below to above."""

    box: ChartBox
    count: int
    marks: Sequence[float]

    def x(self, place: float) -> float:
        """Returns where a place is; a single one is in the middle."""
        left, right = self.box[0] + LEFT, self.box[2] - RIGHT
        return left + (right - left) * ((place + 0.5) / self.count)

    def y(self, value: float) -> float:
        """Returns how far down a value is."""
        top, bottom = self.box[1] + ABOVE, self.box[3] - BELOW
        return bottom - (bottom - top) * (value - self.marks[0]) / (self.marks[-1] - self.marks[0])


def video_chart(
    pen: Pen, box: ChartBox, values: Mapping[str, Any], mean: float | None, interval: Mapping[str, float] | None = None
) -> bool:
    """Draws a dot for each video, the lowest first, a line at the mean and a band over its interval.

    Returns whether there was anything to draw.
    """
    there = sorted((value, name) for name, value in values.items() if is_number(value))
    limits = [value for value in (interval or {}).values() if is_number(value)]
    if not there:
        return False
    frame = _frame(pen, box, len(there), [value for value, _ in there] + limits + [mean] * is_number(mean))
    left, right = box[0] + LEFT, box[2] - RIGHT
    if len(limits) == 2:
        pen.box((left, frame.y(max(limits)), right, frame.y(min(limits))), BAND_ROLE)
    if is_number(mean):
        pen.line([(left, frame.y(mean)), (right, frame.y(mean))], MARK_ROLE, dashed=True)
    points = [(frame.x(place), frame.y(value)) for place, (value, _) in enumerate(there)]
    pen.dots(points, MARK_ROLE, [f"{name}: {number_words(float(value))}" for value, name in there])
    count = f"{len(there)} videos, lowest to highest" if len(there) > 1 else "1 video"
    pen.write((left + right) / 2, box[3] - BELOW / 2, count, anchor="mm")
    return True


def curve_chart(pen: Pen, box: ChartBox, curves: Sequence[tuple[str, Sequence[Any]]], mean: float | None = None) -> bool:
    """Draws a curve over frames for each (role, values); values that are no numbers are gaps. mean: a line at it.

    Returns whether there was anything to draw.
    """
    thin = [(role, thinned_curve(values, POINTS)) for role, values in curves]
    there = [value for _, points in thin for _, value in points if value is not None] + [mean] * is_number(mean)
    if not there:
        return False
    count = max(len(values) for _, values in curves)
    frame = _frame(pen, box, count, there)
    _frame_numbers(pen, frame)
    if is_number(mean):
        pen.line([(box[0] + LEFT, frame.y(mean)), (box[2] - RIGHT, frame.y(mean))], QUIET_ROLE, dashed=True)
    for role, points in thin:
        for stretch in _stretches(points):
            pen.line([(frame.x(place), frame.y(value)) for place, value in stretch], role)
    return True


def _frame(pen: Pen, box: ChartBox, count: int, values: Sequence[float]) -> ChartFrame:
    """Lines across the chart at round values, with their numbers."""
    marks = ticks(min(values), max(values))
    frame = ChartFrame(box, count, marks)
    for mark, words in zip(marks, tick_words(marks), strict=True):
        pen.line([(box[0] + LEFT, frame.y(mark)), (box[2] - RIGHT, frame.y(mark))], LINE_ROLE)
        pen.write(box[0] + LEFT - 8, frame.y(mark), words, anchor="rm")
    return frame


def _frame_numbers(pen: Pen, frame: ChartFrame) -> None:
    """Numbers of some frames, below."""
    y = frame.box[3] - BELOW / 2
    last = frame.count - 1
    marks = {round(mark) for mark in ticks(0, last, 6) if mark <= last} if last else {0}
    for number in sorted(marks):
        pen.write(frame.x(number), y, str(number), anchor="mm")
    pen.write(frame.box[0] + LEFT - 8, y, "frame", anchor="rm")


def _stretches(points: Sequence[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    """A curve cut at its gaps."""
    cut: list[list] = [[]]
    for place, value in points:
        if value is None:
            cut.append([])
        else:
            cut[-1].append((place, value))
    return [stretch for stretch in cut if stretch]
