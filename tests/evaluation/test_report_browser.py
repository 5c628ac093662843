"""The page in a real browser, from the disk, without a network: it is quiet, its films run, and it can be looked at."""

import pytest
from pack.magicanimate_core.evaluation.report.page import write_report
from pack.tests.evaluation.reports import ODD, curves, films, results
from pack.tests.shared import browser


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens a page as somebody with these wishes sees it; what it asked for and complained about is kept."""

    def visit(width=1600, theme="light", **options):
        found = results(30)
        found["videos"]["dance 7"] |= {"l1": 99.0, "psnr": -5.0, "lpips": 77.0}
        write_report(tmp_path / "report.html", found, lambda name: films(name, 30, (96, 96)), curves(found))
        page = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True, **options
        ).new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto((tmp_path / "report.html").as_uri())
        page.wait_for_function("[...document.querySelectorAll('video')].every((video) => video.readyState >= 2)")
        return page

    return visit


def brightness(page) -> float:
    """Of the page's paper, 0 to 255."""
    return sum(map(int, page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)").copy()[:3])) / 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1600, 400])
def test_it_opens_quietly_and_its_films_run(opened, tmp_path, width, theme):
    page = opened(width, theme)
    times = "[...document.querySelectorAll('video')].map((video) => video.currentTime)"
    page.wait_for_function(f"{times}.every((time) => time > 0.2)")
    page.evaluate("document.querySelectorAll('video').forEach((video) => video.pause())")
    page.screenshot(path=tmp_path / f"{theme}_{width}.png", full_page=True)
    assert not page.complaints
    assert [url for url in page.asked if not url.startswith("data:")] == [page.url]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (brightness(page) > 200) == (theme == "light")
    assert page.evaluate("document.querySelector('video').videoWidth") == 3 * 96
    assert ODD in page.inner_text("body")


def test_films_show_what_was_made(opened):
    """The last picture of a film: the bar of the true panel is not where the generated one's is."""
    page = opened()
    levels = page.evaluate("""async () => {
      const video = document.querySelector("video"), canvas = document.createElement("canvas");
      video.pause();
      video.currentTime = 5 / 12 + 0.01;
      await new Promise((done) => { video.onseeked = done; });
      canvas.width = video.videoWidth; canvas.height = video.videoHeight;
      const ink = canvas.getContext("2d");
      ink.drawImage(video, 0, 0);
      return [...ink.getImageData(0, 48, canvas.width, 1).data].filter((_, place) => place % 4 === 0);
    }""")
    true, made, difference = levels[:96], levels[96:192], levels[192:]
    assert true.index(max(true)) > made.index(max(made)) and max(true) > 200 > 60 > min(true)
    assert max(difference) > 150 and min(difference) < 20


def test_the_button_goes_from_light_to_dark_and_back(opened):
    page = opened()
    seen = [brightness(page)]
    for _ in range(2):
        page.click("#theme")
        seen.append(brightness(page))
    assert seen[0] == seen[2] > 200 and seen[1] < 60


def test_columns_are_sorted_by_number(opened):
    page = opened()
    column = "[...document.querySelectorAll('.sortable tbody tr')].map((row) => parseFloat(row.children[2].textContent))"
    for order in (sorted, lambda values: sorted(values, reverse=True)):
        page.click(".sortable thead th:nth-child(3)")
        values = page.evaluate(column)
        assert values == order(values) and len(set(values)) > 20


def test_who_wants_no_motion_gets_none(opened):
    page = opened(reduced_motion="reduce")
    assert page.evaluate("[...document.querySelectorAll('video')].every((video) => video.paused)")
    page.click("#running")
    page.wait_for_function("[...document.querySelectorAll('video')].every((video) => !video.paused)")


def test_worst_is_reached_from_its_chart(opened):
    page = opened()
    link = page.locator("figure li.other a", has_text="dance 7").first
    link.click()
    assert page.locator("article:target h3").inner_text() == "dance 7"
