"""Round numbers of an axis, and numbers in words."""

import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any

DASH, LARGEST_PLAIN, SMALLEST_PLAIN = "\N{EN DASH}", 1e6, 1e-3


def is_number(value: Any) -> bool:
    """Whether something can be drawn: no None, no nan, no infinity, no truth value."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def number_words(value: Any) -> str:
    """Returns a number with four digits that count, a dash for None and nan, whole numbers as they are."""
    if value is None or (isinstance(value, numbers.Real) and math.isnan(value)):
        return DASH
    if not isinstance(value, numbers.Real) or isinstance(value, numbers.Integral):
        return str(value)
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else "\N{MINUS SIGN}\N{INFINITY}"
    if value and not SMALLEST_PLAIN <= abs(value) < LARGEST_PLAIN:
        return f"{value:.2e}"
    return f"{value:.{max(0, 3 - math.floor(math.log10(abs(value))))}f}" if value else "0"


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Returns round numbers (1, 2 or 5 times a power of ten apart), the first not above `low`, the last not below `high`.

    Values that are all alike stand in the middle of their axis.
    """
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = abs(low) / 10 or 0.5
        low, high = low - room, high + room
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power * factor for factor in (1, 2, 5, 10, 20)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            break
    return [number * step for number in range(first, last + 1)]


def tick_words(marks: Sequence[float]) -> list[str]:
    """Returns the numbers of an axis, all with as many decimals as their distance needs."""
    step, largest = marks[1] - marks[0], max(abs(mark) for mark in marks)
    if largest >= LARGEST_PLAIN or largest < SMALLEST_PLAIN:
        digits = max(1, math.ceil(math.log10(largest / step)))
        return [f"{mark:.{digits}e}" if mark else "0" for mark in marks]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{mark + 0.0:.{decimals}f}" for mark in marks]


def thinned_curve(values: Sequence[Any], most: int) -> list[tuple[int, float | None]]:
    """Returns (place, value) of a curve, of a long one the lowest and highest of every stretch; None is a gap in it."""
    points = [(place, float(value) if is_number(value) else None) for place, value in enumerate(values)]
    if len(points) <= most:
        return points
    size = math.ceil(2 * len(points) / most)
    return [point for start in range(0, len(points), size) for point in _extent(points[start : start + size])]


def _extent(points: list[tuple[int, float | None]]) -> Iterable[tuple[int, float | None]]:
    """The first gap, the lowest and the highest of some points, in their order."""
    there = [point for point in points if point[1] is not None]
    kept = {min(there, key=lambda point: point[1]), max(there, key=lambda point: point[1])} if there else set()
    return sorted(kept | set([point for point in points if point[1] is None][:1]))
