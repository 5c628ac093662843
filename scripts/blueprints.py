"""Makes the blueprints, templates folded into one node each:  python -m scripts.blueprints [API NAME ...]

People find a blueprint by searching among the nodes. The front end itself, in a browser, folds the nodes of a template into
a subgraph; what is chosen outside (photo, clip, file to save) becomes its inputs and outputs. Run scripts.templates first.
"""

import json
import sys
import tempfile
import uuid
from pathlib import Path
from typing import NamedTuple

from .comfyui import PACK, Server, find_comfyui
from .template_tables import TEMPLATES
from .templates import WORKFLOWS, front_end

SUBGRAPHS = PACK / "subgraphs"
NODE_WIDTH = 400  # of the one node, pixels
FOLDER = "MagicAnimate"
ALIASES = [  # what people type; the page looks for all words of a search in one of them
    "photo to video", "image to video", "picture to video", "animate photo", "animate image", "animate picture",
    "image animation", "dance", "dancing", "dance video", "photo dance", "make photo dance", "bring photo to life",
    "densepose", "magic animate",
]  # fmt: skip
FOLD = """async ([workflow, blueprint]) => {
  await app.loadGraphData(workflow);
  const graph = app.graph, node = (number) => graph.getNodeById(Number(number));
  const fed = (number) => node(number).outputs[0].links.map((id) => graph.links.get(id))
    .map((link) => [link.target_id, node(link.target_id).inputs[link.target_slot].name]);
  const inputs = Object.entries(blueprint.inputs).map(([name, number]) => [name, fed(number)]);
  const ends = Object.values(blueprint.inputs).concat(blueprint.end);
  const notes = graph._nodes.filter((each) => each.type === 'MarkdownNote' && each.title !== 'Models');
  const inside = graph._nodes.filter((each) => !ends.includes(String(each.id)) && !notes.includes(each));
  const groups = graph._groups.filter((group) => !group.title.startsWith('1'));
  const {subgraph, node: folded} = graph.convertToSubgraph(new Set([...inside, ...groups]));
  for (const input of [...subgraph.inputs]) subgraph.removeInput(input);
  for (const output of [...subgraph.outputs]) subgraph.removeOutput(output);
  const within = (number) => subgraph.getNodeById(Number(number));
  const widgets = blueprint.widgets.map(([number, name]) => [name, [[number, name]]]);
  for (const [name, targets] of [...inputs, ...widgets]) {
    const slots = targets.map(([number, slot]) => within(number).inputs.find((each) => each.name === slot));
    const input = subgraph.addInput(name, String(slots[0].type));
    slots.forEach((slot, at) => input.connect(slot, within(targets[at][0])));
  }
  for (const [name, number] of Object.entries(blueprint.outputs)) {
    const slot = within(number).outputs[0];
    subgraph.addOutput(name, String(slot.type)).connect(slot, within(number));
  }
  for (const each of graph._nodes.filter((other) => other !== folded)) graph.remove(each);
  return JSON.parse(JSON.stringify(graph.serialize()));
}"""


class Blueprint(NamedTuple):
    """A template in one node. Nodes are called by their numbers in its API form."""

    title: str  # its file name, and what people read in the list
    description: str
    inputs: dict[str, str]  # by name: the node that gives it in the template
    outputs: dict[str, str]  # by name: the node inside whose first output it is
    end: str  # the node that takes them in the template
    widgets: tuple[tuple[str, str], ...]  # to be set on the one node: the node inside, and which of its


SIZE_WIDGETS, SAMPLING_WIDGETS = ("width", "height"), ("steps", "cfg", "seed")
BLUEPRINTS = {  # by the name of the API form
    "photo_to_video": Blueprint(
        "Photo to Video (MagicAnimate)",
        "Makes the person in a photo dance as a DensePose video shows: image to video on Stable Diffusion 1.5. "
        "Link Load Image, Load Video (the DensePose clip) and Save Video.",
        {"photo": "8", "pose_video": "9"},
        {"video": "13", "frames": "12"},
        "14",
        (
            *(("11", name) for name in (*SIZE_WIDGETS, *SAMPLING_WIDGETS)),
            ("1", "ckpt_name"), ("2", "vae_name"), ("3", "motion_module"), ("4", "appearance_encoder"), ("5", "control_net"),
        ),
    ),
    "photo_and_film_to_video": Blueprint(
        "Film to Video (MagicAnimate)",
        "Makes the person in a photo dance as somebody does in a film: finds the DensePose of both, brings it to the "
        "photo's body, animates, keeps the sound. Needs a DensePose net. Link Load Image, Load Video and Save Video.",
        {"photo": "9", "film": "10"},
        {"video": "21", "frames": "20"},
        "22",
        (
            *(("12", name) for name in SIZE_WIDGETS), *(("19", name) for name in SAMPLING_WIDGETS),
            ("1", "ckpt_name"), ("2", "vae_name"), ("6", "motion_module"), ("3", "appearance_encoder"), ("4", "control_net"),
            ("5", "densepose_model"),
        ),
    ),
}  # fmt: skip


def main() -> None:
    chosen = sys.argv[1:] or list(BLUEPRINTS)
    SUBGRAPHS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as base, Server(find_comfyui(), Path(base)) as server, front_end(server) as page:
        for name in chosen:
            blueprint = BLUEPRINTS[name]
            workflow = json.loads((WORKFLOWS / f"{TEMPLATES[name].title}.json").read_text())
            folded = named(page.evaluate(FOLD, [workflow, blueprint._asdict()]), blueprint, name)
            (SUBGRAPHS / f"{blueprint.title}.json").write_text(json.dumps(folded, indent=1) + "\n")


def named(workflow: dict, blueprint: Blueprint, name: str) -> dict:
    """Returns a workflow of one folded node as a blueprint: with words to find it by, and the same ids every time."""
    (node,), (inside,) = workflow["nodes"], workflow["definitions"]["subgraphs"]
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"magicanimate/blueprint/{name}")
    for slot in (*inside["inputs"], *inside["outputs"]):
        slot["id"] = str(uuid.uuid5(identity, slot["name"]))
    about = {"BlueprintDescription": blueprint.description, "BlueprintSearchAliases": ALIASES}
    inside |= {"id": str(identity), "name": blueprint.title, "category": FOLDER, "description": blueprint.description}
    node["properties"]["proxyWidgets"] = [list(widget) for widget in blueprint.widgets]  # for front ends before 1.49
    node |= {"type": str(identity), "title": blueprint.title, "pos": [0, 0], "size": [NODE_WIDTH, node["size"][1]]}
    return {
        "id": str(uuid.uuid5(identity, "workflow")), "revision": 0, "last_node_id": node["id"], "last_link_id": 0,
        "nodes": [node], "links": [], "definitions": {"subgraphs": [inside]}, "extra": about, "version": 0.4,
    }  # fmt: skip


if __name__ == "__main__":
    main()
