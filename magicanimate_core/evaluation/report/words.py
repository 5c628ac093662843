"""What was measured on one clip, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..results import ClipCurves
from .columns import OF, OTHERS, higher_is_better, in_order, title
from .scale import is_number, number_words


def in_words(results: Mapping[str, Any], curves: ClipCurves) -> str:
    """Returns a line for every number and what it is, then what is missing and what is to be known, sentences."""
    frames, notes = results["frames"]["generated"], results.get("notes", {})
    numbers = {**_means(results, curves), **_distances(results), **_people(results)}
    lines = [f"{frames} frame{'s' * (frames != 1)}"]
    for key, said in numbers.items():
        lines += [said, *(f"    {note}" for note in [notes.get(key)] if note)]
    lines += _missing(results.get("missing", {}))
    lines += [f"Look at this: {words}." for key, words in notes.items() if key not in {*OF, *OTHERS}]
    lines += [f"{file}: {digest}" for file, digest in results.get("provenance", {}).get("networks", {}).items()]
    return "\n".join(lines)


def _means(results: Mapping[str, Any], curves: ClipCurves) -> dict[str, str]:
    """Key -> the mean over frames, the worst and the best of them, and how many do not count."""
    said = {}
    for key in in_order(results["overall"]):
        parts = [f"{_name(key)}: {number_words(results['overall'][key])}", *_extremes(key, curves.get(key, ()))]
        count = results.get("left_out", {}).get(key)
        said[key] = ", ".join(parts + [f"{count} frame{'s' * (count != 1)} without a value left out"] * bool(count))
    return said


def _distances(results: Mapping[str, Any]) -> dict[str, str]:
    """Key -> a distance, and how many samples are behind it."""
    return {key: f"{_name(key)}: {_with_samples(found)}" for key, found in results.get("distances", {}).items()}


def _with_samples(found: Mapping[str, Any]) -> str:
    return f"{number_words(found['value'])}, of {found['generated']} generated and {found['true']} true samples"


def _people(results: Mapping[str, Any]) -> dict[str, str]:
    """Key -> what joints and identities say."""
    found = {**results.get("joints", {}), **results.get("identity", {})}
    return {key: f"{_name(key)}: {number_words(value)}" for key, value in found.items()}


def _name(key: str) -> str:
    """What a number is called, and which way is better."""
    way = {True: " (higher is better)", False: " (lower is better)", None: ""}[higher_is_better(key)]
    return f"{title(key) if way else key.replace('_', ' ')}{way}"


def _missing(missing: Mapping[str, str]) -> list[str]:
    """A line for every reason."""
    reasons = dict.fromkeys(missing.values())
    return [f"without {' and '.join(title(key) for key in missing if missing[key] == why)}: {why}" for why in reasons]


def _extremes(key: str, values: Sequence[float]) -> list[str]:
    """The worst and the best frame, of two or more."""
    there = {number: value for number, value in enumerate(values) if is_number(value)}
    if len(there) < 2:
        return []
    low, high = min(there, key=there.get), max(there, key=there.get)
    ends = {"worst": low, "best": high} if higher_is_better(key) else {"worst": high, "best": low}
    return [f"{kind} {number_words(float(there[at]))} at frame {at}" for kind, at in ends.items()]
