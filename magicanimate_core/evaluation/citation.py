"""Results as a row that can be cited: every number with how it was computed, and what it was computed with."""

from collections.abc import Iterator
from typing import Any

from .report.columns import FAMILIES, OF, OTHERS, year
from .results import Results

CITATION_HEAD = ("metric", "as the published code computes it", "correct")


def citation(results: Results) -> str:
    """Returns Markdown: a table, and below it what somebody needs to get the same numbers."""
    lines = [f"| {' | '.join(line)} |" for line in (CITATION_HEAD, ["---"] * len(CITATION_HEAD), *_rows(results))]
    return "\n".join([*lines, "", *(f"- {line}" for line in _facts(results)), ""])


def _rows(results: Results) -> Iterator[tuple[str, str, str]]:
    for family in FAMILIES:
        disco = [_number(results, key) for key in family.disco if key in results["overall"]]
        correct = _number(results, family.correct) if family.correct in results["overall"] else ""
        if disco or correct:
            yield family.title, "; ".join(disco), correct
    for key, found in results["distances"].items():
        words = f"{_interval(found['value'], found)} (N {found['generated']} / {found['true']})"
        yield OTHERS[key], words, ""
    people = {**results.get("joints", {}), **results.get("identity", {})}
    for key in (key for key in OTHERS if key in people):
        euclidean = people.get(f"{key}_euclidean")
        frames = f" ({people[f'{key}_frames']} frames)"
        yield OTHERS[key], _words(people[key]) + frames, "" if euclidean is None else _words(euclidean) + frames


def _number(results: Results, key: str) -> str:
    """A mean with its interval, and which of several ways it is."""
    way = f" ({year(key)})" if year(key) else ""
    return _interval(results["overall"][key], results["intervals"].get(key, {})) + way


def _interval(value: float | None, found: dict[str, float]) -> str:
    return _words(value) + (f" [{_words(found['low'])}, {_words(found['high'])}]" if "low" in found else "")


def _words(value: float | None) -> str:
    return "not defined" if value is None or value != value else f"{value:.4g}"


def _facts(results: Results) -> Iterator[str]:
    """What a number depends on, a line each."""
    frames, about = results["frames"], results["provenance"]
    options, versions = about["options"], about["versions"]
    yield f"{len(results['videos'])} videos, {frames['compared']} frames compared"
    yield f"intervals: {about['intervals']}, seed {about['seed']}"
    size, made = (options[key] or "as they are" for key in ("size", "generated_size"))
    yield f"true frames: {size}; generated frames: {made}; layout of clips: {about['layout']}"
    yield from (f"{kind}: {line}" for kind in ("networks", "made_with") for line in _listed(about.get(kind)))
    yield from about["notes"]
    yield from (words for key, words in results["notes"].items() if key not in OF and key not in OTHERS)
    if results["missing"]:
        yield f"not measured: {', '.join(results['missing'])} (metrics.json says why)"
    yield f"comfyui-magicanimate {about['version']}; " + ", ".join(f"{name} {version}" for name, version in versions.items())
    yield ", ".join(f"{name} {value}" for name, value in about["machine"].items())


def _listed(files: dict[str, Any] | None) -> list[str]:
    return [f"{name}, {digest}" for name, digest in (files or {}).items()]
