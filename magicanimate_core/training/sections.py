"""Sections of a training config: frozen dataclasses whose fields tell what they do and what they may be.

    steps: int = setting(1000, "optimiser steps", at_least(1))

A section refuses a value that cannot be used when it is made, in one sentence.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple


class Rule(NamedTuple):
    """What a value must be. Written so that a comparison with nan fails."""

    holds: Callable[[Any], bool]
    expected: str  # goes on after "expected"


ANYTHING = Rule(lambda value: True, "")


def at_least(low: float) -> Rule:
    """Allows finite numbers from `low` on."""
    return Rule(lambda value: low <= value < math.inf, f"{low} or more")


def above(low: float) -> Rule:
    """Allows finite numbers above `low`."""
    return Rule(lambda value: low < value < math.inf, f"a number above {low}")


def between(low: float, high: float, why: str = "") -> Rule:
    """Allows numbers from `low` to `high`, both included."""
    return Rule(lambda value: low <= value <= high, f"{low} to {high}{why}")


def multiple_of(step: int) -> Rule:
    """Allows step, 2 step, and so on."""
    return Rule(lambda value: value >= step and value % step == 0, f"a multiple of {step}")


def one_of(names: Collection[str]) -> Rule:
    """Allows these names."""
    return Rule(lambda value: value in names, f"one of {', '.join(names)}")


def each(rule: Rule, count: int | None = None) -> Rule:
    """Allows lists, of `count` where that is given, of what `rule` allows."""

    def holds(values: tuple) -> bool:
        return count in (None, len(values)) and all(rule.holds(value) for value in values)

    return Rule(holds, f"a list of {count or 'values'}, each {rule.expected}")


def setting(default: Any, caption: str = "", rule: Rule = ANYTHING) -> Any:
    """Declares a field of a section: its default, what the captioned config says about it, and what it may be."""
    return field(default=default, metadata={"caption": caption, "rule": rule})


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the config, called `name` there; `caption` is what the captioned config says about all of it."""

    name: ClassVar[str] = ""
    caption: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Raises ValueError for the first value that cannot be used."""
        for option in fields(self):
            value, rule = getattr(self, option.name), option.metadata.get("rule", ANYTHING)
            if not rule.holds(value):
                shown = list(value) if isinstance(value, tuple) else value
                place = f"{self.name}.{option.name}" if self.name else option.name
                raise ValueError(f"{place} is {shown!r}; expected {rule.expected}.")
