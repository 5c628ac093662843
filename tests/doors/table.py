"""One row of the room: what somebody brings to a door, and what must come out: the right thing, or one sentence."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest


class Refused(NamedTuple):
    """The door says no, in one sentence with these words (a regular expression), before any heavy work."""

    words: str


class Case(NamedTuple):
    """what: the row's name. brings: makes what comes in. out: what must come out, or a check of it (which asserts)."""

    what: str
    brings: Callable[..., Any]
    out: Refused | Callable[[Any], None]


def cases(*rows: Case) -> pytest.MarkDecorator:
    """Runs a test once per row, named after it."""
    return pytest.mark.parametrize("case", [pytest.param(row, id=row.what) for row in rows])


def passes(case: Case, door: Callable[[], Any], refusal: type[Exception] | tuple = (ValueError, OSError)) -> None:
    """Opens the door once and looks at what comes out."""
    if not isinstance(case.out, Refused):
        case.out(door())
        return
    with pytest.raises(refusal, match=case.out.words) as error:
        door()
    sentence = str(error.value)
    assert "\n" not in sentence, "one sentence, in one line"
    assert "Traceback" not in sentence and "object at 0x" not in sentence
