"""The workflows open cleanly in the real front end, in a real browser, and mean there what their API form says."""

import json

import pytest
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import TEMPLATES
from pack.tests.server.browsing import open_page

OPEN = """async (workflow) => {
  await app.loadGraphData(workflow);
  const {output} = await app.graphToPrompt();
  return {
    output,
    types: app.graph._nodes.map((node) => [node.type, node.has_errors === true]),
    known: Object.keys(LiteGraph.registered_node_types),
  };
}"""


@pytest.fixture(scope="module")
def page(server):
    with open_page(server) as page:
        yield page


@pytest.mark.parametrize("name", TEMPLATES)
def test_workflow_opens_and_equals_its_api_form(page, name):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    opened = page.evaluate(OPEN, json.loads((PACK / "workflows" / f"{TEMPLATES[name].title}.json").read_text()))
    assert not errors
    assert all(kind in opened["known"] and not bad for kind, bad in opened["types"])
    api = json.loads((PACK / "workflows" / "api" / f"{name}.json").read_text())
    assert opened["output"].keys() == api.keys()
    for number, node in api.items():
        shown = opened["output"][number]["inputs"]
        assert opened["output"][number]["class_type"] == node["class_type"]
        # newer hosts nest SaveVideo's codec under its format
        assert {k: shown[k] for k in node["inputs"] if k != "codec"} == {
            k: v for k, v in node["inputs"].items() if k != "codec"
        }


@pytest.mark.parametrize("path", sorted((PACK / "workflows").glob("*.json")), ids=lambda path: path.stem)
def test_workflow_has_notes_and_model_links(path):
    text = path.read_text()
    assert "MarkdownNote" in text and "huggingface.co/zcxu-eric/MagicAnimate" in text
    assert ('"directory": "checkpoints"' in text) == ("CheckpointLoaderSimple" in text)
