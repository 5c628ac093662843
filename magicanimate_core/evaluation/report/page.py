"""The page: everything that was measured, in one file that needs no network."""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template

import numpy as np

from ...disk import whole, writing
from ..results import Curves, Results
from . import tables
from .cases import Extreme, extremes, shown_cases
from .charts import MARK_ROLE, OTHER_ROLE, curve_chart, video_chart
from .clips import PANELS, player
from .columns import better, measured, title
from .scale import number_words
from .svg import SvgPen

FrameStream = Iterable[np.ndarray]  # (H, W, 3) uint8
Clips = Callable[[str], tuple[FrameStream, FrameStream]]  # a video's name -> its generated frames, its true frames

HERE = Path(__file__).parent
CHART_WIDTH, CHART_HEIGHT, CURVE_HEIGHT = 420, 180, 130  # pixels of a chart over videos, and of one over frames
CLIPS_SHOWN = 12
SHOWN_SIDE, SHOWN_FRAMES, SHOWN_FPS = 256, 120, 12  # of each: pixels of a frame's longer side, frames, a second


def write_report(
    path: Path, results: Results, clips: Clips | None = None, curves: Curves | None = None, *, most: int = CLIPS_SHOWN,
    side: int = SHOWN_SIDE, longest: int = SHOWN_FRAMES, fps: float = SHOWN_FPS, heading: str = "Evaluation of an animation",
) -> None:  # fmt: skip
    """Writes what was measured as one HTML file.

    results: as in metrics.json: `overall` and `videos.<name>` by key, and, where they are, `intervals`, `distances`,
    `joints`, `identity`, `missing`, `notes`, `frames`, `provenance`. clips: gives the frames of a video; it is asked only
    for the `most` videos that are shown, the worst and the best ones, and read no further than `longest` frames.
    curves: values over frames of any videos; those of the worst and the best are drawn. Raises OSError.
    """
    shown = shown_cases(results["videos"], most)
    sure = any("low" in found for found in results.get("distances", {}).values())
    parts = {
        "heading": escape(heading),
        "summary": _summary(results),
        "overall": _section("Overall", f"{ABOUT_MEANS} {DRAWN if results.get('intervals') else ''}", _overall(results)),
        "distances": _section("Distances", f"{ABOUT_DISTANCES} {IN_TURN if sure else ''}", tables.distance_table(results)),
        "people": _section("Pose and identity", "", tables.people_table(results)),
        "missing": _section("Not measured", "", tables.missing_table(results)),
        "plots": _section("Every metric", ABOUT_PLOTS, _plots(results, curves or {}, shown if clips else {})),
        "players": _section("Worst and best", ABOUT_PLAYERS, _players(shown, clips, (fps, side, longest))),
        "videos": _section("Every video", "", tables.video_table(results)),
        "provenance": _section("Where the numbers come from", "", tables.provenance_table(results)),
    }
    files = {name.replace(".", "_"): (HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")}
    text = Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(parts | files)
    with writing(path), whole(path) as part:
        part.write_text(text, encoding="utf-8")


ABOUT_MEANS, DRAWN = (
    "Means over all frames, so that a long video weighs more.",
    "Small numbers: 95 % intervals, from drawing whole videos anew.",
)
ABOUT_DISTANCES, IN_TURN = (
    "Compare distances only where N is the same: with fewer samples than features they grow as N falls.",
    "Small numbers: 95 % intervals, from leaving out videos in turn.",
)
ABOUT_PLOTS = "A dot for each video, a line at the mean over all frames, a band over its interval."
ABOUT_PLAYERS = f"From left to right: {', '.join(PANELS)}."


def _overall(results: Results) -> str:
    """The numbers over all, and what is to be known of all of them."""
    remarks = tables.remarks(results)
    return tables.overall_table(results) + (f'<ul class="remarks">{remarks}</ul>' if remarks else "")


def _section(heading: str, words: str, content: str) -> str:
    """A part of the page; nothing where it is empty."""
    said = f"<p>{words}</p>" if words else ""
    place = heading.lower().replace(" ", "-")
    return f'<section id="{place}"><h2>{heading}</h2>{said}{content}</section>' if content else ""


def _summary(results: Results) -> str:
    """How much was looked at."""
    count, frames = len(results["videos"]), results.get("frames", {})
    said = [f"{count} video{'s' * (count != 1)}"]
    said += [f"{frames[kind]} {kind} frame{'s' * (frames[kind] != 1)}" for kind in ("generated", "true") if kind in frames]
    return escape(", ".join(said)) + tables.missing_in_short(results)


def _plots(results: Results, curves: Curves, shown: Mapping[str, list[Extreme]]) -> str:
    """A figure for every metric that videos have."""
    places = {name: number for number, name in enumerate(shown)}
    figures = (_figure(results, key, curves, places) for key in measured(results["videos"]))
    content = "\n".join(filter(None, figures))
    return f'<div class="figures">{content}</div>' if content else ""


def _figure(results: Results, key: str, curves: Curves, places: Mapping[str, int]) -> str:
    """One metric over videos; below it, over the frames of the worst and of the best."""
    values = {name: numbers.get(key) for name, numbers in results["videos"].items()}
    cases, mean = extremes(results["videos"], key), results["overall"].get(key)
    pen = SvgPen(CHART_WIDTH, CHART_HEIGHT, f"{title(key)}, a dot for each video")
    if not video_chart(pen, (0, 0, CHART_WIDTH, CHART_HEIGHT), values, mean, results.get("intervals", {}).get(key)):
        return ""
    drawn = [pen, *_over_frames(key, cases, curves)]
    legend = "".join(_legend(case, places) for case in cases)
    caption = f"<figcaption><h3>{escape(title(key))} {better(key)}</h3><span>{number_words(mean)}</span></figcaption>"
    return f"<figure>{caption}{''.join(map(str, drawn))}<ul>{legend}</ul></figure>"


def _over_frames(key: str, cases: list[Extreme], curves: Curves) -> list[SvgPen]:
    """The same metric over the frames of the worst and of the best video, where it is known."""
    lines = [(_role(case), curves.get(case.video, {}).get(key, ())) for case in cases]
    pen = SvgPen(CHART_WIDTH, CURVE_HEIGHT, f"{title(key)} over the frames of the worst and the best video")
    return [pen] * curve_chart(pen, (0, 0, CHART_WIDTH, CURVE_HEIGHT), lines)


def _role(case: Extreme) -> str:
    return OTHER_ROLE if case.kind == "worst" else MARK_ROLE


def _legend(case: Extreme, places: Mapping[str, int]) -> str:
    """Names a video and its value; a link where it is shown."""
    name = escape(case.video)
    if case.video in places:
        name = f'<a href="#clip-{places[case.video]}">{name}</a>'
    return _item(case, name)


CASE_WORDS = {"worst": "worst", "best": "best", "only": "the only one"}


def _players(shown: Mapping[str, list[Extreme]], clips: Clips | None, limits: tuple[float, int, int]) -> str:
    """The videos that are worst and best, running."""
    if clips is None or not shown:
        return ""
    cards = "\n".join(_card(number, name, cases, clips, limits) for number, (name, cases) in enumerate(shown.items()))
    return f'<div class="players">{cards}</div>'


def _card(number: int, name: str, cases: list[Extreme], clips: Clips, limits: tuple[float, int, int]) -> str:
    """One video; a file that cannot be read any more costs this one, not the page."""
    fps, side, longest = limits
    try:
        film = player(*clips(name), fps, side, longest)
    except (OSError, ValueError) as error:
        content = f'<p class="why">It could not be shown: {escape(str(error))}</p>'
    else:
        size = f'width="{film.width}" height="{film.height}"'
        panels = "".join(f"<span>{panel}</span>" for panel in PANELS)
        content = (
            f'<video {size} src="{film.address}" poster="{film.poster}" loop muted playsinline controls></video>'
            f'<div class="panels">{panels}</div>'
        )
    said = "".join(_item(case, escape(title(case.key))) for case in cases)
    return f'<article id="clip-{number}"><h3>{escape(name)}</h3>{content}<ul>{said}</ul></article>'


def _item(case: Extreme, words: str) -> str:
    """What a video is the worst or the best of, and its value."""
    return f'<li class="{_role(case)}">{CASE_WORDS[case.kind]} {words} <b>{number_words(float(case.value))}</b></li>'
