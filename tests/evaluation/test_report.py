"""The page of an evaluation: everything that was measured stands in it, and it needs nothing but itself."""

import math
import re
from html.parser import HTMLParser

import pytest
from pack.magicanimate_core.evaluation.report import cases, columns, scale, svg, words
from pack.magicanimate_core.evaluation.report.charts import curve_chart, video_chart
from pack.magicanimate_core.evaluation.report.page import write_report
from pack.tests.evaluation.reports import KEYS, ODD, curves, films, results


class Page(HTMLParser):
    """What a page loads, runs and says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded, self.tags, self.open, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.loaded += [value for name, value in attributes if name in ("src", "poster", "srcset", "data")]
        self.loaded += [value for name, value in attributes if name == "href" and tag != "a"]
        self.open.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    def handle_endtag(self, tag):
        self.open = self.open[: len(self.open) - 1 - self.open[::-1].index(tag)] if tag in self.open else self.open

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def made(tmp_path):
    """Writes a page and reads it."""

    def write(found, *args, **options):
        write_report(tmp_path / "report.html", found, *args, **options)
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return write


def test_everything_that_was_measured_is_said(made):
    found = results()
    said = Page(made(found, films, curves(found))).said
    for value in (*found["overall"].values(), 41.2371, 2.915, 0.0345, 0.1195, 38.25, 1.25, 4.75):
        assert scale.number_words(value) in said
    for number in (451, 452, 611, 617, 619, 453, 454):
        assert str(number) in said
    for part in ("FID-VID", "is missing", "13 frames left out", "errors overflow", "brought together", "numpy", "397923af"):
        assert part in said
    assert all(columns.title(key) in said for key in KEYS)


def test_what_is_missing_is_said_once_for_all_that_lack_it(made):
    missing = {"lpips": "a file is missing.", "lpips_disco": "a file is missing.", "fvd": "another is."}
    said = Page(made(results(missing=missing))).said
    assert said.count("a file is missing.") == 1 and "not measured: LPIPS, FVD" in said


def test_a_key_that_nobody_knows_is_said_too(made):
    found = results()
    found["overall"]["vmaf"], found["videos"][ODD]["niqe"] = 87.125, 6.375
    assert {"vmaf", "87.12", "niqe", "6.375"} <= set(Page(made(found)).said.split())


@pytest.mark.parametrize("key", KEYS)
def test_each_metric_alone(made, key):
    videos = {"a": {key: 0.25, "frames": 2}, "b": {key: 0.5, "frames": 3}}
    said = Page(made({"overall": {key: 0.375}, "videos": videos})).said
    assert "0.3750" in said and "0.2500" in said and columns.title(key) in said and "Distances" not in said


def test_of_one_video_nothing_is_said_of_intervals(made):
    assert made(results()).count("95 %") == 2
    alone = results(1, intervals={}, distances={"fid": {"value": 3.5, "generated": 9, "true": 9}})
    assert "95 %" not in made(alone) and "the only one" in made(alone)


def test_a_page_of_distances_alone(made):
    """Where names differ, no frames are compared."""
    found = {"overall": {}, "videos": {}, "distances": {"fid": {"value": 3.5, "generated": 9, "true": 8}}}
    said = Page(made(found, films, {})).said
    assert "3.500" in said and "Overall" not in said and "Every video" not in said and "Worst" not in said


def test_names_are_words_and_nothing_else(made):
    text = made(results(), films)
    page = Page(text)
    assert ODD not in text and ODD in page.said
    assert "img" not in [tag for tag, _ in page.tags]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_nothing_is_loaded(made):
    text = made(results(), films)
    page = Page(text)
    assert page.loaded and all(address.startswith("data:") for address in page.loaded)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", text)
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert "https://example.com/networks" in links  # to be clicked; the sentence's full stop is none of it


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_what_is_not_defined_is_a_dash(made, nothing):
    found, over_frames = results(), curves(results())
    found["overall"]["psnr"] = found["videos"]["dance 1"]["lpips"] = nothing
    text = made(found, films, over_frames)
    assert Page(text).said.count(scale.DASH) >= 3 and not re.search(r">\s*(nan|None)\s*<|nan\b", text.split("<script>")[0])


def test_a_metric_without_any_number_has_no_chart(made):
    found = results()
    for values in found["videos"].values():
        values["lpips"] = None
    assert made(results()).count("<figure>") == 11 and made(found).count("<figure>") == 10


@pytest.mark.parametrize(("key", "worst"), [("l1", "dance 4"), ("psnr", ODD), ("ssim_disco", ODD), ("lpips", "dance 4")])
def test_worst_and_best(key, worst):
    videos = results()["videos"]
    found = {case.kind: case.video for case in cases.extremes(videos, key)}
    assert found == {"worst": worst, "best": ({ODD, "dance 4"} - {worst}).pop()}


def test_what_is_no_number_is_neither_worst_nor_best():
    videos = {"a": {"l1": None}, "b": {"l1": 2.0}, "c": {"l1": math.nan}, "d": {"l1": 1.0}, "e": {"l1": math.inf}, "f": {}}
    assert [case.video for case in cases.extremes(videos, "l1")] == ["b", "d"]
    assert cases.extremes({"a": {"l1": None}}, "l1") == [] and cases.extremes(videos, "a key that nobody knows") == []
    assert [case.kind for case in cases.extremes({"a": {"l1": 1.0}}, "l1")] == ["only"]


def test_frames_are_asked_for_only_of_what_is_shown(made):
    """Each metric has its own worst and best video; there is room for four."""
    found, asked, read = results(40), [], []
    for place, key in enumerate(KEYS):
        found["videos"][f"dance {2 * place + 1}"][key], found["videos"][f"dance {2 * place + 2}"][key] = -1.0, 100.0

    def clips(name):
        asked.append(name)
        return ((read.append(name), frame)[1] for frame in films(name, 50)[0]), films(name, 50)[1]

    text = made(found, clips, most=4, longest=7)
    assert text.count("<video") == len(asked) == 4 and len(read) == 4 * 7
    shown = cases.shown_cases(found["videos"], 4)
    assert list(shown) == asked and all(rows[0].kind == "worst" for rows in shown.values())
    assert not any(rows[0].key.endswith(("disco", "2023", "2024")) for rows in shown.values())


def test_a_film_that_cannot_be_read_costs_only_itself(made):
    def clips(name):
        if name == ODD:
            raise OSError("dance.mp4 is cut off <here>")
        return films(name)

    text = made(results(), clips)
    assert text.count("<video") == 1 and "dance.mp4 is cut off &lt;here&gt;" in text


def test_frames_of_other_sizes_and_odd_ones(made):
    def clips(name):
        return films(name, size=(30, 50))[0], films(name, 1, size=(41, 67))[1]

    assert 'width="204" height="40"' in made(results(), clips, side=4000)  # 67 x 41, to even numbers
    assert 'width="96" height="20"' in made(results(), clips, side=32)


def test_a_page_without_films(made):
    text = made(results())
    assert "<video" not in text and "#clip-" not in text


def test_hundreds_of_videos_make_no_heavy_page(made):
    assert len(made(results(1000), lambda name: films(name, 2))) < 4e6


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (16.9384, "16.94"), (0.000237, "2.37e-04"), (1234.5, "1234"), (99999.7, "100000"), (-0.05, "-0.05000"),
     (12, "12"), (None, "–"), (math.nan, "–"), (math.inf, "∞"), (9.9996, "10.000"), (2.5e7, "2.50e+07"), ("x", "x")],
)  # fmt: skip
def test_numbers_in_words(value, said):
    assert scale.number_words(value) == said


@pytest.mark.parametrize("low", [-3.7, 0.0, 1e-7, 0.9999, 12.0, 4e5])
@pytest.mark.parametrize("width", [0.0, 1e-9, 3e-5, 0.7, 1.0, 49.0, 1e6])
def test_an_axis_holds_its_values(low, width):
    marks, high = scale.ticks(low, low + width), low + width
    room = 1e-6 * (marks[-1] - marks[0])
    assert marks[0] <= low + room and marks[-1] >= high - room and 2 <= len(marks) <= 7
    steps = [after - before for before, after in zip(marks, marks[1:], strict=False)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-6, abs=0) and len(set(scale.tick_words(marks))) == len(marks)


def test_a_long_curve_keeps_its_extremes_and_its_gaps():
    values = [0.0] * 10000
    values[1234], values[7777], values[5000] = 9.0, -9.0, None
    points = dict(scale.thinned_curve(values, 600))
    assert len(points) <= 601 + 1 and points[1234] == 9.0 and points[7777] == -9.0 and points[5000] is None


def places(pen, role, kind):
    """Heights of a chart's points."""
    paths = re.findall(rf'<path class="{kind} {role}[^"]*" d="([^"]+)"', str(pen))
    return [[float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", path)] for path in paths]


@pytest.mark.parametrize("left_out", [(), ("notes",), ("notes", "left_out", "missing", "provenance", "joints", "identity")])
def test_all_of_it_in_words(left_out):
    """For the node: each number has a line, with or without what may be known beside it."""
    found = results(1)
    said = words.in_words({key: value for key, value in found.items() if key not in left_out}, curves(found)[ODD])
    lines = said.splitlines()
    for key in KEYS:
        value = scale.number_words(found["overall"][key])
        assert [line for line in lines if line.startswith(f"{columns.title(key)} (") and f": {value}, worst " in line], key
    ends = {line.split(" (")[0]: re.findall(r"(?:worst|best) ([\d.]+) at frame (\d)", line) for line in lines}
    assert ends["PSNR"] == [("1.000", "0"), ("1.140", "7")] and ends["LPIPS"] == ends["PSNR"][::-1]
    assert "FID (lower is better): 41.24, of 451 generated and 452 true samples" in lines
    assert ("AKD (lower is better): 2.915" in lines and "mkr frames: 617" in lines) == ("joints" not in left_out)
    assert (f"{ODD}: sha256 397923af" in lines) == ("provenance" not in left_out)
    assert ("    of all frames" in lines) == ("Look at this: were brought together." in lines) == ("notes" not in left_out)


def test_dots_stand_as_high_as_their_values():
    pen = svg.SvgPen(400, 200, "")
    assert video_chart(pen, (0, 0, 400, 200), {"a": 3.0, "b": 1.0, "c": 2.0, "d": None}, 2.0)
    (low,), (middle,), (high,) = places(pen, "mark", "dots")
    assert low > middle > high and low - middle == pytest.approx(middle - high, abs=0.2)
    assert places(pen, "mark", "line") == [[pytest.approx(middle, abs=0.1)] * 2]


def test_a_curve_is_cut_where_it_is_not_defined():
    pen = svg.SvgPen(400, 200, "")
    assert curve_chart(pen, (0, 0, 400, 200), [("other", [1.0, 2.0, None, 3.0])])
    assert [len(line) for line in places(pen, "other", "line")] == [2, 1]
    assert not curve_chart(pen, (0, 0, 400, 200), [("other", [None])])
    assert not curve_chart(pen, (0, 0, 400, 200), [])
