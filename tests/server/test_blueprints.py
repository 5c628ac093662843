"""A template in one node: found by searching, it means what the template means, and runs after a few actions."""

import json
import time

import av
import pytest
from pack.scripts.blueprints import BLUEPRINTS, SUBGRAPHS
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import MODELS
from pack.tests.server.browsing import meant, set_renderer
from pack.tests.server.hands import Hands

OPEN = "async (workflow) => { await app.loadGraphData(workflow); }"
SMALL = """(sizes) => {
  const [node] = app.graph._nodes.filter((each) => each.subgraph);
  for (const [name, value] of Object.entries(sizes)) node.widgets.find((widget) => widget.name === name).value = value;
}"""
FRAMES = 12  # of the clip that Load Video shows first
SEARCHES = {"photo_to_video": "animate photo", "photo_and_film_to_video": "film to video"}
TYPED = (  # what people type who know none of our names
    "photo to video", "animate photo", "dance", "dance video", "image to video", "picture animate", "photo life",
)  # fmt: skip


def read(name: str) -> dict:
    return json.loads((SUBGRAPHS / f"{BLUEPRINTS[name].title}.json").read_text())


def test_blueprints_are_listed(server):
    listed = {entry["name"] for entry in server.get("/global_subgraphs").values() if PACK.name in entry["info"]["node_pack"]}
    assert listed == {blueprint.title for blueprint in BLUEPRINTS.values()}
    assert listed == {path.stem for path in SUBGRAPHS.glob("*.json")}


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_a_blueprint_says_what_it_is_and_where_its_files_come_from(name):
    workflow = read(name)
    (inside,) = workflow["definitions"]["subgraphs"]
    assert inside["name"] == BLUEPRINTS[name].title and inside["category"] and inside["description"]
    assert workflow["extra"]["BlueprintDescription"] == inside["description"]
    loaders = {node["type"]: node for node in inside["nodes"] if node["type"] in MODELS}
    assert loaders.keys() == MODELS.keys()
    assert all(loaders[kind]["properties"]["models"] == [MODELS[kind]] for kind in loaders)


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_a_blueprint_means_what_its_template_means(page, name):
    """Where not: python -m scripts.blueprints."""
    workflow, blueprint = read(name), BLUEPRINTS[name]
    page.evaluate(OPEN, workflow)
    seen, number = meant(page), workflow["nodes"][0]["id"]
    api = json.loads((PACK / "workflows" / "api" / f"{name}.json").read_text())
    inside = {key: node for key, node in api.items() if key not in (*blueprint.inputs.values(), blueprint.end)}
    assert seen.keys() == {f"{number}:{key}" for key in inside}
    for key, node in inside.items():
        shown = seen[f"{number}:{key}"]
        linked = {name: value for name, value in node["inputs"].items() if isinstance(value, list)}
        expected = {name: [f"{number}:{source}", at] for name, (source, at) in linked.items() if source in inside}
        expected |= {name: value for name, value in node["inputs"].items() if name not in linked}
        assert shown["class_type"] == node["class_type"]
        assert {name: shown["inputs"].get(name) for name in expected} == expected
        assert not {name for name in linked if name not in expected} & shown["inputs"].keys()


def test_the_server_tells_the_page_by_which_words_they_are_found(server):
    told = {entry["name"]: entry["info"] for entry in server.get("/global_subgraphs").values()}
    for name, blueprint in BLUEPRINTS.items():
        assert told[blueprint.title]["search_aliases"] == read(name)["extra"]["BlueprintSearchAliases"]
    assert not any("search_aliases" in info for title, info in told.items() if "MagicAnimate" not in title)


def test_people_find_them_by_what_they_type(page):
    page.evaluate("() => app.graph.clear()")
    Hands(page).open_search(700, 200)
    for words in TYPED:
        page.get_by_placeholder("Add a node").fill(words)
        for blueprint in BLUEPRINTS.values():
            page.get_by_role("option").filter(has_text=blueprint.title).wait_for(timeout=20000)
    page.keyboard.press("Escape")


@pytest.mark.parametrize(("name", "renderer"), list(zip(BLUEPRINTS, ("canvas", "vue"), strict=True)))
def test_from_an_empty_canvas_to_a_video_in_a_few_actions(server, page, name, renderer, tmp_path_factory):
    title, (photo, moving) = BLUEPRINTS[name].title, BLUEPRINTS[name].inputs
    set_renderer(page, renderer)
    page.evaluate("() => app.graph.clear()")
    page.evaluate("() => Object.assign(app.canvas.ds, {scale: 0.9, offset: [416, 110]})")
    page.wait_for_timeout(1500)
    hands = Hands(page)
    hands.open_search(700, 200)
    hands.write(SEARCHES[name])
    assert page.locator("[role=option]").first.inner_text().startswith(title)
    hands.press("Enter")
    hands.click_at(750, 250)  # where the node is put
    for side, slot, chosen, place in (
        ("inputs", photo, "Load Image", (150, 200)),
        ("inputs", moving, "Load Video", (150, 620)),
        ("outputs", "video", "Save Video", (1200, 250)),
    ):
        hands.pull(title, side, slot, *place)
        hands.click(page.get_by_role("option").filter(has=page.get_by_text(chosen, exact=True)), chosen)
        hands.click_at(place[0] + 50, place[1] + 20)
    page.evaluate(SMALL, {"width": 64, "height": 64, "steps": 1})  # for the time that it takes
    page.screenshot(path=tmp_path_factory.mktemp("screens") / f"{title}, {renderer}.png")
    before = server.get("/history").keys()
    hands.click(page.get_by_test_id("queue-button"), "Run")
    assert len(hands.actions) <= 15, hands.actions
    (video,) = (path for path in server.files(finished(server, before)) if path.suffix == ".mp4")
    with av.open(str(video)) as film:
        assert [(frame.width, frame.height) for frame in film.decode(video=0)] == [(64, 64)] * FRAMES


def finished(server, before: set[str], limit_s: float = 180) -> dict:
    """Waits for a run that is none of those before; returns its entry in the history."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        for number, entry in server.get("/history").items():
            if number not in before:
                assert entry["status"]["status_str"] == "success", entry["status"]["messages"]
                return entry
        time.sleep(0.5)
    raise TimeoutError(server.tail())
