"""The next frames while this one is written."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def ahead(items: Iterable[Made], count: int = 2) -> Iterator[Made]:
    """Goes through items that a thread of its own makes, up to `count` of them before they are asked for.

    Raises what making an item raises, where its turn comes.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1) as thread:
        made = deque(thread.submit(next, source, end) for _ in range(count))
        while (item := made.popleft().result()) is not end:
            made.append(thread.submit(next, source, end))
            yield item
