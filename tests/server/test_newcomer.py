"""The first minutes of somebody who never was here: a template, a run, a look at it, a second thought, a film."""

import time

import pytest
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import TEMPLATES
from pack.tests.server.browsing import open_page
from pack.tests.server.hands import Hands

TITLE = TEMPLATES["demo_dance"].title
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
def test_a_newcomer_sees_a_dance(server):
    server.post("/settings", {"Comfy.Execution.PreviewMethod": "auto"})
    with open_page(server) as page:
        hands = Hands(page)
        hands.open_templates(PACK.name)
        hands.click(page.get_by_text(TITLE, exact=True).first, TITLE)
        page.wait_for_function("() => app.graph._nodes.some((each) => each.type === 'MagicAnimateAnimate')")
        page.evaluate(SETTINGS, {"steps": 50, "width": 128, "height": 128})  # long enough for second thoughts
        run = page.get_by_test_id("queue-button")
        before = {*server.get("/history")}
        hands.click(run, "Run")
        watch(page, texts=2, pictures=1)
        hands.click(page.get_by_role("button", name="Cancel current run"), "Cancel")
        assert ended(server, before) == "interrupted"
        page.evaluate(SETTINGS, {"steps": 2})
        before = {*server.get("/history")}
        hands.click(run, "Run")
        watch(page, texts=3, pictures=2)
        assert ended(server, before) == "success"
        assert plays(page, films=2)


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


def ended(server, before: set[str], limit_s: float = 240) -> str:
    """How a run ended that is none of those before: success, interrupted, error."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        for number, entry in server.get("/history").items():
            if number not in before:
                return entry["status"]["messages"][-1][0].removeprefix("execution_")
        time.sleep(0.3)
    raise TimeoutError(server.tail())


def plays(page, films: int) -> bool:
    """Whether so many films are on the page, and move when played."""
    page.wait_for_function(f"() => document.querySelectorAll('video').length >= {films}", timeout=30000)
    page.evaluate(PLAY)
    page.wait_for_timeout(1000)
    return all(duration > 1 and at > 0.1 for duration, at in page.evaluate(FILMS))
