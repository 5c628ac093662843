"""Frames made ahead come in order, few at a time, with their errors; who stops early waits for no more."""

import pytest
from pack.magicanimate_core.command.ahead import ahead


def counting(made, end, error=None):
    for number in range(end):
        made.append(number)
        yield number
    if error is not None:
        raise error


@pytest.mark.parametrize("end", [0, 1, 2, 7])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_all_come_in_order(end, count):
    made = []
    assert list(ahead(counting(made, end), count)) == made == list(range(end))


def test_few_are_made_before_they_are_asked_for():
    made = []
    items = ahead(counting(made, 100), 2)
    assert next(items) == 0
    items.close()
    assert len(made) <= 3


def test_an_error_comes_where_its_turn_is():
    items = ahead(counting([], 3, ValueError("the disk is full")), 2)
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="disk is full"):
        next(items)
