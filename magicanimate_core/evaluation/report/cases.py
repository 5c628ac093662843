"""Which videos a page shows: the worst and the best of every metric, no more than there is room for."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .columns import OF, higher_is_better, measured
from .scale import is_number


class Extreme(NamedTuple):
    """A video that is the worst or the best by one metric."""

    kind: str  # "worst", "best", or "only" of a single video
    key: str
    video: str
    value: float


def extremes(videos: Mapping[str, Mapping[str, Any]], key: str) -> list[Extreme]:
    """Returns the worst and the best video by a metric, of equal ones the first; none where no video has a number, or
    where nobody knows which way is better.
    """
    higher = higher_is_better(key)
    values = {name: numbers[key] for name, numbers in videos.items() if is_number(numbers.get(key))}
    if higher is None or not values:
        return []
    low, high = min(values, key=values.get), max(values, key=values.get)
    if len(values) == 1:
        return [Extreme("only", key, low, values[low])]
    worst, best = (low, high) if higher else (high, low)
    return [Extreme("worst", key, worst, values[worst]), Extreme("best", key, best, values[best])]


def shown_cases(videos: Mapping[str, Mapping[str, Any]], most: int) -> dict[str, list[Extreme]]:
    """Returns videos to show -> what they are the worst and the best of, at most so many videos.

    Where there is not room for all, correct numbers go before DisCo's, and the worst before the best.
    """
    cases = [case for key in measured(videos) for case in extremes(videos, key)]
    cases.sort(key=lambda case: (case.kind == "best", case.key in OF and case.key != OF[case.key].correct))
    shown: dict[str, list[Extreme]] = {}
    for case in cases:
        if case.video in shown or len(shown) < most:
            shown.setdefault(case.video, []).append(case)
    return shown
