"""Every option stands once, and a value that cannot be used is refused in one sentence when it is given."""

from dataclasses import fields

import pytest
from pack.magicanimate_core.options import Sampling, Settings, Size, Windows


def test_every_option_has_words_a_default_that_holds_and_one_home():
    homes = [option.name for group in (Sampling, Windows, Size) for option in fields(group)]
    assert len(homes) == len(set(homes)) and set(homes) == {option.name for option in fields(Settings)}
    assert all(len(option.metadata["words"]) > 15 for option in fields(Settings))
    Settings()  # defaults are checked, too


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"steps": "8"}, "steps is '8'; expected a whole number"),
        ({"steps": True}, "steps is True; expected a whole number"),
        ({"steps": 0}, "steps is 0; expected 1 to 10000"),
        ({"steps": 1000}, "steps is 1000; the official schedule has 1 to 999 steps"),
        ({"cfg": float("nan")}, "cfg is nan; expected 0 to 100"),
        ({"cfg": None}, "cfg is None; expected a number"),
        ({"seed": -1}, "seed is -1; expected 0 to"),
        ({"shared_noise": 1}, "shared_noise is 1; expected true or false"),
        ({"fit": "crp"}, "fit is crp; expected one of crop, stretch, pad"),
        ({"width": 60}, "width is 60; expected a multiple of 8, for example 64"),
        ({"context_overlap": 16}, "context_overlap is 16 but must lie in 0..15"),
        ({"context_schedule": "ring"}, "context_schedule is ring; expected one of official, paper"),
    ],
)
def test_values_that_cannot_be_used(value, words):
    with pytest.raises(ValueError) as error:
        Settings(**value)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_host_may_offer_more():
    class AtHome(Windows):
        more_choices = {"context_schedule": lambda: ("standard_static", "paper")}

    assert AtHome.choices("context_schedule") == ["official", "paper", "standard_static"]
    assert AtHome(context_schedule="standard_static").context_schedule == "standard_static"
    with pytest.raises(ValueError, match="expected one of"):
        Windows(context_schedule="standard_static")
