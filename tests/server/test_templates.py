"""What a newcomer sees who opens a template: all of it, readable, nothing upon something else, in both renderers.

It means there what its API form says.
"""

import itertools
import json

import pytest
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import MODELS, TEMPLATES
from pack.tests.server.browsing import meant, set_renderer, show

PATHS = sorted((PACK / "workflows").glob("*.json"))
SCREENS = ((1600, 1000), (1920, 1080))
READABLE = 0.6  # of zoom


@pytest.fixture(scope="module", params=itertools.product(("canvas", "vue"), TEMPLATES), ids="-".join)
def opened(page, request, tmp_path_factory):
    """A template by its API name, as it is seen, what it means, and what went wrong meanwhile."""
    (renderer, name), errors, screens = request.param, [], tmp_path_factory.mktemp("screens")

    def note(error):
        errors.append(str(error))

    page.on("pageerror", note)
    set_renderer(page, renderer)
    view = show(page, json.loads((PACK / "workflows" / f"{TEMPLATES[name].title}.json").read_text()))
    for width, height in SCREENS[::-1]:  # ends with that of the others
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=screens / f"{TEMPLATES[name].title}, {renderer}, {width}.png")
    output = meant(page)
    page.remove_listener("pageerror", note)
    return name, view, output, errors


def test_a_template_is_seen_whole(opened):
    _, view, _, errors = opened
    assert not errors and not view["errors"] and view["scale"] >= READABLE
    left, _, right, _ = view["bounds"]
    assert right - left <= 1700
    seen = [(edge + offset) * view["scale"] for edge, offset in zip(view["bounds"], view["offset"] * 2, strict=True)]
    for width, height in SCREENS:
        assert seen[0] >= 60 and seen[1] >= 90 and seen[2] <= width and seen[3] <= height  # beside the page's own bars
    for (a, x), (b, y) in itertools.combinations(view["nodes"].items(), 2):
        assert x[2] <= y[0] or y[2] <= x[0] or x[3] <= y[1] or y[3] <= x[1], f"{a} and {b} overlap"


def test_a_template_means_what_its_api_form_says(opened):
    name, _, shown, _ = opened
    api = json.loads((PACK / "workflows" / "api" / f"{name}.json").read_text())
    assert shown.keys() == api.keys()
    for number, node in api.items():
        inputs = shown[number]["inputs"]
        assert shown[number]["class_type"] == node["class_type"]
        # newer hosts nest SaveVideo's codec under its format
        expected = {key: value for key, value in node["inputs"].items() if key != "codec"}
        assert {key: inputs[key] for key in expected} == expected


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_template_says_where_all_comes_from(path):
    text = path.read_text()
    assert "MarkdownNote" in text and "huggingface.co/zcxu-eric/MagicAnimate" in text
    assert ('"directory": "checkpoints"' in text) == ("CheckpointLoaderSimple" in text)
    workflow = json.loads(text)
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
