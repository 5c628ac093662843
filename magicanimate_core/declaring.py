"""How an option is declared, and what its value is checked against. The options themselves: options.py."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar


def option(default: Any, words: str, **limits: Any) -> Any:
    """Declares an option. limits: `low` and `high` (inclusive), `step` and `round`, `choices`."""
    return field(default=default, metadata={"words": words, **limits})


@dataclass(frozen=True, kw_only=True)
class Options:
    """Values that were checked: a group that exists can be used. Raises ValueError, with what was expected."""

    more_choices: ClassVar[Mapping[str, Callable[[], Collection[str]]]] = {}  # what a host offers beyond ours, by option

    def __post_init__(self) -> None:
        for declared in fields(self):
            check_value(declared, getattr(self, declared.name), self.choices(declared.name))

    @classmethod
    def choices(cls, name: str) -> list[str]:
        """Returns what an option may be, the host's offers last; empty for a number."""
        declared = next(f for f in fields(cls) if f.name == name)
        return list(dict.fromkeys([*declared.metadata.get("choices", ()), *cls.more_choices.get(name, tuple)()]))


def check_value(declared: Field, value: Any, choices: Collection[str]) -> None:
    """Raises ValueError where a value is of another kind than its option, out of its limits, or none of its choices."""
    name, kind = declared.name, type(declared.default)
    if not isinstance(value, (int, float) if kind is float else kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} is {value!r}; expected {KIND_WORDS[kind]}.")
    if choices and value not in choices:
        raise ValueError(f"{name} is {value}; expected one of {', '.join(choices)}.")
    low, high = declared.metadata.get("low"), declared.metadata.get("high")
    if low is not None and not low <= value <= high:  # refuses nan, too
        raise ValueError(f"{name} is {value}; expected {low:n} to {high:n}.")


KIND_WORDS = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
