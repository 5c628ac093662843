"""How two processes share the tests out: the longest first, so that both end together, and one server for all."""

from collections.abc import Sequence

import pytest

SERVER = "tests/server/"  # whose server takes longer to start than most files of tests to run
# What takes longest, in this order; all else follows as it is collected
LONGEST = (SERVER,)


def piece(nodeid: str) -> str:
    """What goes to one worker together with a test: its file, or all files of the server's room."""
    return SERVER if nodeid.startswith(SERVER) else nodeid.split("::")[0]


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of LONGEST in front."""
    places = {name: place for place, name in enumerate(LONGEST)}
    return sorted(items, key=lambda item: places.get(piece(item.nodeid), len(places)))
