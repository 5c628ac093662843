"""What was measured on one clip, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

from .columns import OF, OTHERS, higher_is_better, in_order, title
from .scale import is_number, number_words

Curves = Mapping[str, Sequence[float]]


def in_words(results: Mapping[str, Any], curves: Curves) -> str:
    """Returns a line for every number, then what is missing and what is to be known, sentences."""
    notes, frames = results.get("notes", {}), results["frames"]["generated"]
    lines = [f"{frames} frame{'s' * (frames != 1)}"]
    for key in in_order(results["overall"]):
        said = ", ".join(filter(None, [_extremes(key, curves.get(key, ())), _left_out(results, key)]))
        lines.append(f"{title(key)} ({_way(key)}): {number_words(results['overall'][key])}{f', {said}' if said else ''}")
        lines += [f"    {notes[key]}"] * (key in notes)
    for key, found in results.get("distances", {}).items():
        sizes = f"{found['generated']} generated and {found['true']} true samples"
        lines.append(f"{title(key)} ({_way(key)}): {number_words(found['value'])}, of {sizes}")
        lines += [f"    {notes[key]}"] * (key in notes)
    for key, value in {**results.get("joints", {}), **results.get("identity", {})}.items():
        lines += [f"{title(key)}{f' ({_way(key)})' if key in OTHERS else ''}: {number_words(value)}"]
        lines += [f"    {notes[key]}"] * (key in notes)
    lines += _missing(results.get("missing", {}))
    known = {*OF, *OTHERS}
    lines += [f"Look at this: {words}." for key, words in notes.items() if key not in known]
    lines += [f"{file}: {sum_}" for file, sum_ in results.get("provenance", {}).get("networks", {}).items()]
    return "\n".join(lines)


def _missing(missing: Mapping[str, str]) -> list[str]:
    """A line for every reason."""
    reasons = dict.fromkeys(missing.values())
    return [f"without {' and '.join(title(key) for key in missing if missing[key] == why)}: {why}" for why in reasons]


def _way(key: str) -> str:
    return {True: "higher is better", False: "lower is better", None: ""}[higher_is_better(key)]


def _extremes(key: str, values: Sequence[float]) -> str:
    """The worst and the best frame."""
    there = {number: value for number, value in enumerate(values) if is_number(value)}
    if len(there) < 2:
        return ""
    low, high = min(there, key=there.get), max(there, key=there.get)
    worst, best = (low, high) if higher_is_better(key) else (high, low)
    said = (f"{kind} {number_words(float(there[at]))} at frame {at}" for kind, at in (("worst", worst), ("best", best)))
    return ", ".join(said)


def _left_out(results: Mapping[str, Any], key: str) -> str:
    count = results.get("left_out", {}).get(key)
    return f"{count} frame{'s' * (count != 1)} without a value left out" if count else ""
