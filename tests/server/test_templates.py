"""What a newcomer sees who opens a template: all of it, readable, nothing upon something else, in both renderers."""

import itertools
import json

import pytest
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import MODELS, TEMPLATES
from pack.tests.server.browsing import open_page, set_renderer, show

PATHS = sorted((PACK / "workflows").glob("*.json"))
SCREENS = ((1600, 1000), (1920, 1080))
READABLE = 0.6  # of zoom


@pytest.fixture(scope="module", params=("canvas", "vue"))
def page(server, request):
    with open_page(server) as page:
        set_renderer(page, request.param)
        page.renderer = request.param
        yield page


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_template_is_seen_whole(page, path, tmp_path_factory):
    view, screens = show(page, json.loads(path.read_text())), tmp_path_factory.mktemp("screens")
    assert not view["errors"] and view["scale"] >= READABLE
    left, _, right, _ = view["bounds"]
    assert right - left <= 1700
    seen = [(edge + offset) * view["scale"] for edge, offset in zip(view["bounds"], view["offset"] * 2, strict=True)]
    for width, height in SCREENS:
        assert seen[0] >= 60 and seen[1] >= 90 and seen[2] <= width and seen[3] <= height  # beside the page's own bars
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=screens / f"{path.stem}, {page.renderer}, {width}.png")
    for (a, x), (b, y) in itertools.combinations(view["nodes"].items(), 2):
        assert x[2] <= y[0] or y[2] <= x[0] or x[3] <= y[1] or y[3] <= x[1], f"{a} and {b} overlap"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_template_says_where_all_comes_from(path):
    workflow = json.loads(path.read_text())
    titles = [group["title"] for group in workflow["groups"]]
    numbers = [title[0] for title in titles]
    assert numbers == sorted(numbers) and {"1", "3", "4"} <= set(numbers) <= set("1234")
    for node in workflow["nodes"]:
        if node["type"] == "MarkdownNote":
            (text,) = node["widgets_values"]
            assert "`" not in text and "|--" not in text  # unreadable on coloured notes, or cut
            continue
        assert node["properties"]["cnr_id"] in ("comfy-core", "magicanimate-sd15")
        if node["type"] in MODELS:
            (model,) = node["properties"]["models"]
            assert model["name"] == node["widgets_values"][0] and model["url"].startswith("https://huggingface.co/")


def test_every_template_is_made_from_its_api_form():
    assert {path.stem for path in PATHS} == {template.title for template in TEMPLATES.values()}
    assert {path.stem for path in (PACK / "workflows" / "api").glob("*.json")} == set(TEMPLATES)
