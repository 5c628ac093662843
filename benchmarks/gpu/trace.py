"""Where a card waits, read from a trace of torch.profiler."""

import re
from collections.abc import Iterable

import numpy as np

from .bench import Rows

Span = tuple[float, float]  # begin and end in microseconds

ON_CARD = ("kernel", "gpu_memcpy", "gpu_memset")  # categories of a trace's events
CODE = re.compile(r"(magicanimate_core|nodes|comfy)/.*")  # functions of the pack and of ComfyUI, without their folders
SHORTEST_US = 20  # a shorter gap is the launch of the next kernel
NAMED = 500  # the longest gaps
LINES = 20  # places that are reported


def waits(events: list[dict], windows: int) -> Rows:
    """events: of a trace, in which the UNet ran for so many windows."""
    busy = merged((event["ts"], event["ts"] + event["dur"]) for event in events if event.get("cat") in ON_CARD)
    if not busy:
        yield "the whole run", {"idle_share": None, "idle_ms_a_window": None}
        return
    idle = [(end, begin) for (_, end), (begin, _) in zip(busy, busy[1:], strict=False)]
    total, span = sum(end - begin for begin, end in idle), busy[-1][1] - busy[0][0]
    numbers = {"idle_share": total / span, "idle_ms_a_window": total / 1000 / windows}
    yield "the whole run", numbers | {"seconds": span / 1e6, "windows": windows}
    for place, durations in by_place(idle, events)[:LINES]:
        numbers = {"idle_ms_a_window": sum(durations) / 1000 / windows, "gaps_a_window": len(durations) / windows}
        yield place, numbers


def merged(spans: Iterable[Span]) -> list[Span]:
    """Returns the union of spans as spans that do not touch, in order."""
    out: list[Span] = []
    for begin, end in sorted(spans):
        if out and begin <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((begin, end))
    return out


def by_place(idle: list[Span], events: list[dict]) -> list[tuple[str, list[float]]]:
    """Returns (function that ran in a gap, durations of its gaps in microseconds), the longest sum first."""
    functions = [event for event in events if event.get("cat") == "python_function" and CODE.search(event["name"])]
    begins = np.array([event["ts"] for event in functions])
    ends = begins + np.array([event["dur"] for event in functions])
    longest = sorted((span for span in idle if span[1] - span[0] >= SHORTEST_US), key=lambda span: span[0] - span[1])
    places: dict[str, list[float]] = {}
    for begin, end in longest[:NAMED]:
        index = innermost(begins, ends, begin, end)
        place = "elsewhere" if index is None else CODE.search(functions[index]["name"])[0]
        places.setdefault(place, []).append(end - begin)
    return sorted(places.items(), key=lambda item: -sum(item[1]))


def innermost(begins: np.ndarray, ends: np.ndarray, begin: float, end: float) -> int | None:
    """Returns the shortest of the functions (n,), (n,) that ran through half of a gap or more."""
    overlap = np.minimum(ends, end) - np.maximum(begins, begin)  # (n,)
    through = np.flatnonzero(overlap >= (end - begin) / 2)
    return int(through[np.argmin((ends - begins)[through])]) if len(through) else None
