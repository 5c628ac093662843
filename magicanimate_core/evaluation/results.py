"""What was measured as files: metrics.json and metrics.csv. A number that is not defined is null, or an empty cell."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..disk import whole, writing

Results = dict[str, Any]
ClipCurves = dict[str, np.ndarray]  # a metric's key -> its value at each frame of one video (F,), nan where it has none
Curves = dict[str, ClipCurves]  # by the video's name


def as_json(value: Any) -> Any:
    """Returns nested results as JSON has them: nan and infinity, which it has not, are None."""
    if isinstance(value, Mapping):
        return {str(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value


def write_json(path: Path, results: Results) -> None:
    """Writes metrics.json. Raises OSError."""
    with writing(path), whole(path) as part:
        text = json.dumps(as_json(results), indent=1, ensure_ascii=False, allow_nan=False)
        part.write_text(text + "\n", encoding="utf-8")


def write_csv(path: Path, results: Results) -> None:
    """Writes metrics.csv: a row per video, then all together with their intervals. Raises OSError."""
    with writing(path), whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows(as_json(results)))


def rows(results: Results) -> Iterator[list]:
    """Gives the rows of the table, the head first. Distances stand in the row `overall`, behind them their N."""
    keys, distances = list(results["overall"]), results.get("distances", {})
    sizes = [f"{key}_n_{side}" for key in distances for side in ("generated", "true")]
    people = _people(results)
    yield ["video", "frames", *keys, *distances, *sizes, *people]
    for name, values in results["videos"].items():
        yield [name, values["frames"], *(values.get(key) for key in keys)]
    behind = [found[side] for found in distances.values() for side in ("generated", "true")]
    compared = results.get("frames", {}).get("compared")
    values = [found["value"] for found in distances.values()]
    yield ["overall", compared, *results["overall"].values(), *values, *behind, *people.values()]
    for end in ("low", "high"):
        found = [results.get("intervals", {}).get(key, {}).get(end) for key in keys]
        if any(value is not None for value in found):
            yield [f"overall_{end}", None, *found, *(of.get(end) for of in distances.values())]


def _people(results: Results) -> dict[str, Any]:
    """Single numbers of joints and identity, by key."""
    groups = (results.get("joints") or {}, results.get("identity") or {})
    return {key: value for group in groups for key, value in group.items() if isinstance(value, int | float | None)}
