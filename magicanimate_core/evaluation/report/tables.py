"""Tables of HTML: what was measured, over all and of each video, what is missing, and where it all comes from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from ..results import Results
from .columns import FAMILIES, OF, OTHERS, Family, better, in_order, measured, title, year
from .scale import DASH, is_number, number_words

LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:)]")


def number(value: Any, interval: Mapping[str, Any] | None = None) -> str:
    """Returns a number, in full when pointed at, with its interval where it has one."""
    exact = f' title="{float(value)!r}"' if is_number(value) and int(value) != value else ""
    shown = f"<b{exact}>{escape(number_words(value))}</b>"
    low, high = (interval or {}).get("low"), (interval or {}).get("high")
    if not is_number(low) or not is_number(high):
        return shown
    return f"{shown} <small>{number_words(float(low))} to {number_words(float(high))}</small>"


def html_table(rows: Iterator[str], head: tuple[str, ...], kind: str = "") -> str:
    """Returns rows under a head; nothing where there are none."""
    body = "\n".join(rows)
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    if not body:
        return ""
    return f'<div class="scroll"><table class="{kind}"><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>'


def overall_table(results: Results) -> str:
    """Returns all metrics over all frames: the correct number and DisCo's side by side, with why they differ."""
    rows = [row for family in FAMILIES for row in _family(results, family)]
    rows += [_other(results, key) for key in in_order(results["overall"]) if key not in OF]
    return html_table(iter(rows), ("Metric", "Correct", "As DisCo computes it", "Why they differ"), "pairs")


def _family(results: Results, family: Family) -> Iterator[str]:
    """Rows of one metric; the correct number stands in the first of them."""
    if not any(key in results["overall"] for key in (family.correct, *family.disco)):
        return
    name, correct = f"{escape(family.title)} {better(family.correct)}", family.correct
    for key in (key for place, key in enumerate(family.disco) if not place or key in results["overall"]):
        why = (_note(results, "Correct", correct) if correct else "") + _note(results, f"DisCo {year(key)}".strip(), key)
        yield _pair(name, _cell(results, correct), _cell(results, key), why)
        name = correct = ""


def _other(results: Results, key: str) -> str:
    return _pair(f"{escape(title(key))} {better(key)}", _cell(results, key), "", _note(results, "", key))


def _note(results: Results, way: str, key: str) -> str:
    """What is to be known of one way of computing a metric."""
    said = results.get("notes", {}).get(key)
    if not said or key not in results["overall"]:
        return ""
    return f"<div>{f'<em>{way}:</em> ' if way else ''}{linked(said)}</div>"


def _pair(name: str, correct: str, disco: str, why: str) -> str:
    cells = (("correct", "Correct", correct), ("disco", "DisCo", disco), ("why", "", why))
    row = "".join(f'<td class="{kind}" data-label="{label}">{words}</td>' for kind, label, words in cells)
    return f'<tr{"" if name else BLANK}><th scope="row">{name}</th>{row}</tr>'


BLANK = ' class="blank"'  # a row that goes on with the metric above it


def _cell(results: Results, key: str) -> str:
    """A number, the year of its way of computing, and of how many frames it does not speak."""
    if key not in results["overall"]:
        return ""
    said, left_out = [f"as in {year(key)}"] * bool(year(key)), results.get("left_out", {}).get(key)
    if left_out:
        said.append(f"{left_out} frame{'s' * (left_out != 1)} left out")
    shown = number(results["overall"][key], results.get("intervals", {}).get(key))
    return f"{shown}<i>{escape(', '.join(said))}</i>" if said else shown


def distance_table(results: Results) -> str:
    """Returns distances of distributions, with the number of samples behind each."""
    notes = results.get("notes", {})
    rows = (
        f'<tr><th scope="row">{escape(title(name))} {better(name)}</th><td>{number(found.get("value"), found)}</td>'
        f"<td>{number(found.get('generated'))}</td><td>{number(found.get('true'))}</td>"
        f'<td class="why">{linked(notes.get(name, ""))}</td></tr>'
        for name, found in results.get("distances", {}).items()
    )
    return html_table(rows, ("Distance", "Value", "N generated", "N true", ""))


def people_table(results: Results) -> str:
    """Returns what joints and identity vectors say, with the numbers of frames behind them."""
    groups = {group: results.get(group) or {} for group in ("joints", "identity")}
    rows = (_person(results, group, key, value) for group, found in groups.items() for key, value in _flat(found))
    return html_table(rows, ("Person", "Value", ""))


def _person(results: Results, group: str, key: str, value: Any) -> str:
    name = title(key) if key in OTHERS else f"{group}: {key.replace('_', ' ')}"
    cell, why = number(value, results.get("intervals", {}).get(key)), linked(results.get("notes", {}).get(key, ""))
    return f'<tr><th scope="row">{escape(name)} {better(key)}</th><td>{cell}</td><td class="why">{why}</td></tr>'


def missing_table(results: Results) -> str:
    """Returns what was not measured, and where to get what it needs; a row for every reason."""
    found = results.get("missing", {})
    rows = (
        f'<tr><th scope="row">{escape(_titles(key for key in found if found[key] == why))}</th>'
        f'<td class="why">{linked(why)}</td></tr>'
        for why in dict.fromkeys(found.values())
    )
    return html_table(rows, ("Not measured", "Why, and what to do"))


def _titles(keys: Iterable[str]) -> str:
    """Names of metrics, each once."""
    return ", ".join(dict.fromkeys(OF[key].title if key in OF else title(key) for key in keys))


def missing_in_short(results: Results) -> str:
    """Returns the names of what was not measured, as a link to the reasons."""
    names = _titles(in_order(results.get("missing", {})))
    return f', <a href="#not-measured">not measured: {escape(names)}</a>' if names else ""


def remarks(results: Results) -> str:
    """Returns what is to be known of the whole, beyond single numbers."""
    at_numbers = {*results["overall"], *results.get("distances", {}), *OTHERS}
    found = (words for key, words in results.get("notes", {}).items() if key not in at_numbers)
    return "".join(f"<li>{linked(words)}</li>" for words in found)


def video_table(results: Results) -> str:
    """Returns every video's means; a click on a head sorts."""
    keys = measured(results["videos"])
    head = ("Video", "Frames", *(f"{escape(title(key))} {better(key)}" for key in keys))
    rows = (
        f'<tr><th scope="row">{escape(name)}</th><td>{number(values.get("frames"))}</td>'
        + "".join(f"<td{_sorted_by(values.get(key))}>{number(values.get(key))}</td>" for key in keys)
        + "</tr>"
        for name, values in results["videos"].items()
    )
    return html_table(rows, head, "sortable")


def _sorted_by(value: Any) -> str:
    return f' data-value="{float(value)!r}"' if is_number(value) else ""


def provenance_table(results: Results) -> str:
    """Returns versions, checksums and options, one to a row."""
    rows = (
        f'<tr><th scope="row">{escape(key)}</th><td class="code">{linked(_plainly(value))}</td></tr>'
        for key, value in _flat(results.get("provenance", {}))
    )
    return html_table(rows, ("What", "Which"))


def _plainly(value: Any) -> str:
    """What an option or a version is, as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) or DASH) if isinstance(value, (list, tuple)) else str(value)


def _flat(nested: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values of a mapping in mappings, names joined."""
    for key, value in nested.items():
        name = f"{before} {key}".strip()
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        else:
            yield name, value


def linked(words: str) -> str:
    """Returns words as HTML, addresses in them as links that are followed only when clicked."""
    parts, end = [], 0
    for found in LINK.finditer(words):
        address = escape(found[0])
        parts += [escape(words[end : found.start()]), f'<a href="{address}" rel="noreferrer">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(words[end:])])
