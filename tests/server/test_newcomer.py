"""The first minutes of somebody who never was here: a template, a run, a look at it, a second thought, a film."""

import time

import pytest
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import TEMPLATES
from pack.scripts.thumbnails import THUMB_WIDTH
from pack.tests.server.browsing import SET, new_page, set_renderer
from pack.tests.server.conftest import read_frames
from pack.tests.server.hands import Hands

TITLES, TITLE = [template.title for template in TEMPLATES.values()], TEMPLATES["demo_dance"].title
LOADED = """([titles, width]) => titles.every((title) => {
  const pictures = [...document.querySelectorAll('img')].filter((each) => each.alt === title);
  return pictures.length && pictures.every((each) => each.complete && each.naturalWidth === width);
})"""
SETTINGS = """(settings) => {
  const node = app.graph._nodes.find((each) => each.type === 'MagicAnimateAnimate');
  for (const [name, value] of Object.entries(settings)) node.widgets.find((each) => each.name === name).value = value;
}"""
SEEN = """() => {
  const node = app.graph._nodes.find((each) => each.type === 'MagicAnimateAnimate');
  const shown = [...document.querySelectorAll(`[data-node-id="${node.id}"] img`), ...(node.imgs ?? [])];
  return {
    text: node.widgets.find((each) => each.name === '$$node-text-preview')?.value,
    pictures: shown.filter((each) => each.complete && each.naturalWidth).map((each) => each.src),
  };
}"""
FILMS = "() => [...document.querySelectorAll('video')].map((each) => [each.duration, each.currentTime])"
PLAY = "() => Promise.all([...document.querySelectorAll('video')].map((each) => { each.muted = true; return each.play(); }))"


@pytest.mark.skipif(not (PACK / "demo" / "weights").is_dir(), reason="no demo/weights in this checkout")
def test_a_newcomer_sees_a_dance(server, tab, tmp_path_factory):
    """In a page of their own: what others have open there takes time, and a run's words are written on whatever is open."""
    with new_page(tab.context.browser, server) as page:
        set_renderer(page, "canvas")
        page.evaluate(SET, ["Comfy.Execution.PreviewMethod", "auto"])
        hands = Hands(page)
        hands.open_templates(PACK.name)
        page.wait_for_function(LOADED, arg=[TITLES, THUMB_WIDTH], timeout=60000)
        page.screenshot(path=tmp_path_factory.mktemp("screens") / "templates.png")
        hands.click(page.get_by_text(TITLE, exact=True).first, TITLE)
        page.wait_for_function("() => app.graph._nodes.some((each) => each.type === 'MagicAnimateAnimate')")
        page.evaluate(SETTINGS, {"steps": 50, "width": 64, "height": 64})  # long enough for second thoughts
        run = page.get_by_test_id("queue-button")
        before = {*server.get("/history")}
        hands.click(run, "Run")
        watch(page, texts=2, pictures=1)
        hands.click(page.get_by_role("button", name="Cancel current run"), "Cancel")
        assert ended(server, before)[0] == "interrupted"
        page.evaluate(SETTINGS, {"steps": 3, "width": 64, "height": 64})
        before = {*server.get("/history")}
        hands.click(run, "Run")
        watch(page, texts=3, pictures=2)
        how, entry = ended(server, before)
        assert how == "success" and plays(page, films=2)
        alone, beside = map(read_frames, sorted(server.files(entry), key=lambda path: "side" in path.name))
        poses = read_frames(PACK / "demo" / "inputs" / "motion_2.mp4")
        assert alone.shape == (len(poses), 64, 64, 3) and alone.std() > 1
        assert beside.shape == (len(poses), 384, 3 * 384, 3)  # photo, pose, result; twice as large


def watch(page, texts: int, pictures: int, limit_s: float = 240) -> None:
    """Waits until that many texts, and pictures that move, were seen upon the node. Raises TimeoutError."""
    seen, end = {"text": set(), "pictures": set()}, time.monotonic() + limit_s
    while time.monotonic() < end:
        now = page.evaluate(SEEN)
        seen["text"] |= {now["text"]} - {None, ""}
        seen["pictures"] |= set(now["pictures"])
        if len(seen["text"]) >= texts and len(seen["pictures"]) >= pictures:
            assert all(text.startswith("step ") for text in seen["text"])
            return
        page.wait_for_timeout(200)
    raise TimeoutError(str(seen))


def ended(server, before: set[str], limit_s: float = 240) -> tuple[str, dict]:
    """How a run ended that is none of those before (success, interrupted, error), and its entry in the history."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        for number, entry in server.get("/history").items():
            if number not in before:
                return entry["status"]["messages"][-1][0].removeprefix("execution_"), entry
        time.sleep(0.3)
    raise TimeoutError(server.tail())


def plays(page, films: int) -> bool:
    """Whether so many films are on the page, and move when played."""
    page.wait_for_function(f"() => document.querySelectorAll('video').length >= {films}", timeout=30000)
    page.evaluate(PLAY)
    page.wait_for_timeout(1000)
    return all(duration > 1 and at > 0.1 for duration, at in page.evaluate(FILMS))
