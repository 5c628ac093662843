"""How two processes share the tests out: the longest first, so that both end together, and one server for all."""

from collections.abc import Sequence

import pytest

SERVER = "tests/server/"  # whose server takes longer to start than most files of tests to run
# What takes longest, in this order; all else follows as it is collected
LONGEST = (
    SERVER, "tests/command/test_animate.py", "tests/doors/host/test_waiting.py", "tests/doors/host/test_devices.py",
    "tests/benchmarks/test_gpu.py", "tests/command/test_train.py", "tests/host/test_equalities.py",
    "tests/host/test_ip_adapter.py", "tests/host/test_two_bodies.py", "tests/command/test_ablate.py",
    "tests/host/test_compiled.py", "tests/host/test_switches.py", "tests/doors/test_states.py", "tests/host/test_demo.py",
    "tests/dancers/test_dancers.py", "tests/training/test_loop.py", "tests/training/test_distil.py",
)  # fmt: skip


def piece(nodeid: str) -> str:
    """What goes to one worker together with a test: its file, or all files of the server's room."""
    return SERVER if nodeid.startswith(SERVER) else nodeid.split("::")[0]


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of LONGEST in front."""
    places = {name: place for place, name in enumerate(LONGEST)}
    return sorted(items, key=lambda item: places.get(piece(item.nodeid), len(places)))
