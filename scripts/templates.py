"""Makes the workflows that people find under Templates from their API forms:  python -m scripts.templates [API NAME ...]

A workflow is a row of groups, left to right, each with its nodes one below another. The front end itself, in a browser,
turns an API form into what it opens. Where nodes stand is in template_tables.py, what notes say in workflows/notes.
"""

import json
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .comfyui import PACK, Server, find_comfyui
from .template_tables import (
    BETWEEN,
    COLOURS,
    CORNER,
    GAP,
    GROUP_TITLE,
    HEIGHTS,
    MODELS,
    NOTE_COLOURS,
    NOTE_TITLES,
    PADDING,
    TEMPLATES,
    TITLE,
    VIEW,
    Note,
    Template,
)  # fmt: skip

WORKFLOWS = PACK / "workflows"
QUIET = ("--no-sandbox", "--disable-gpu")
OPEN = "async (api) => { await app.loadApiJson(api, 'template'); return app.graph.serialize(); }"


def main() -> None:
    chosen = sys.argv[1:] or list(TEMPLATES)
    with tempfile.TemporaryDirectory() as base, Server(find_comfyui(), Path(base)) as server, front_end(server) as page:
        for name in chosen:
            api = json.loads((WORKFLOWS / "api" / f"{name}.json").read_text())
            workflow = laid_out(page.evaluate(OPEN, api), TEMPLATES[name], name)
            (WORKFLOWS / f"{TEMPLATES[name].title}.json").write_text(json.dumps(workflow, indent=1) + "\n")


@contextmanager
def front_end(server: Server) -> Iterator[Any]:
    """Gives the host's page in a browser, ready for scripts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        page = tools.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET).new_page()
        page.goto(server.url)
        page.wait_for_function("() => window.app?.graph && window.app.extensionManager", timeout=60000)
        yield page


def laid_out(workflow: dict, template: Template, name: str) -> dict:
    """Returns a workflow whose nodes stand in groups beside their notes, seen whole on a usual screen.

    Raises ValueError for a node that is in no group.
    """
    nodes = {str(node["id"]): node for node in workflow["nodes"]}
    boxes, left = [], 0
    for group in template.groups:
        placed, height = _column(group.nodes, nodes, left, template.width, workflow)
        boxes.append(_box(group.title, left, template.width, height))
        left += template.width + 2 * PADDING + BETWEEN
        nodes = {number: node for number, node in nodes.items() if number not in placed}
    if nodes:
        raise ValueError(f"{name}: nodes {sorted(nodes)} are in no group.")
    for node in workflow["nodes"]:
        _complete(node)
    ids = [node["id"] for node in workflow["nodes"]]
    return workflow | {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"magicanimate/{name}")), "last_node_id": max(ids),
        "groups": boxes, "extra": _view(boxes),
    }  # fmt: skip


def _column(
    entries: tuple[str | Note, ...], nodes: dict[str, dict], left: int, width: int, workflow: dict
) -> tuple[list[str], int]:  # fmt: skip
    """Puts a group's nodes one below another; returns their numbers, and how high they are together."""
    top, placed = 0, []
    for entry in entries:
        if isinstance(entry, Note):
            node, height = _note(entry, 1000 + len(workflow["nodes"])), entry.height
            workflow["nodes"].append(node)
        else:
            node = nodes[entry]
            height = HEIGHTS[node["type"]]
            placed.append(entry)
        node["pos"], node["size"] = [left, top + TITLE], [width, height]
        top += TITLE + height + GAP
    return placed, top - GAP


def _note(note: Note, number: int) -> dict:
    """A note of Markdown as a node."""
    paragraphs = (WORKFLOWS / "notes" / f"{note.name}.md").read_text().strip()
    return {
        "id": number, "type": "MarkdownNote", "title": NOTE_TITLES.get(note.name, "What this does"), "flags": {}, "order": 0,
        "mode": 0, "inputs": [], "outputs": [], "properties": {}, "widgets_values": [paragraphs],
        "color": NOTE_COLOURS[0], "bgcolor": NOTE_COLOURS[1],
    }  # fmt: skip


def _box(title: str, left: int, width: int, height: int) -> dict:
    """A group round what stands from `left` on, so many pixels high."""
    bounds = [left - PADDING, -GROUP_TITLE, width + 2 * PADDING, height + GROUP_TITLE + PADDING]
    return {"title": title, "bounding": bounds, "color": COLOURS[title[0]], "font_size": 24, "flags": {}}


def _view(boxes: list[dict]) -> dict:
    """How the page opens: everything, as large as it can be."""
    left, top = (min(box["bounding"][axis] for box in boxes) for axis in (0, 1))
    wide, high = (max(box["bounding"][a] + box["bounding"][a + 2] for box in boxes) - (left, top)[a] for a in (0, 1))
    scale = min(1.0, VIEW[0] / wide, VIEW[1] / high)
    return {"ds": {"scale": round(scale, 3), "offset": [round(CORNER[0] / scale - left), round(CORNER[1] / scale - top)]}}


def _complete(node: dict) -> None:
    """Writes into a node of which pack it is, where its file comes from, and that its seed stays."""
    if node["type"] == "MarkdownNote":
        return
    ours = dict(re.findall(r'^(name|version) = "(.*)"$', (PACK / "pyproject.toml").read_text(), re.M))
    mine = node["type"].startswith("MagicAnimate")
    pack = {"cnr_id": ours["name"], "ver": ours["version"]} if mine else {"cnr_id": "comfy-core"}
    node["properties"] = node.get("properties", {}) | pack
    node["widgets_values"] = ["fixed" if value == "randomize" else value for value in node.get("widgets_values") or []]
    if node["type"] in MODELS:
        node["properties"]["models"] = [MODELS[node["type"]]]


if __name__ == "__main__":
    main()
