"""The host's page in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pack.tests.shared import browser

READY = "() => window.app?.graph?._nodes?.length && window.app.extensionManager"  # with the host's own first workflow
SET = "async ([name, value]) => { await app.extensionManager.setting.set(name, value); }"
VIEW = """() => {
  const boxes = {};
  for (const node of app.graph._nodes) {
    const rect = node.getBounding ? node.getBounding() : node.boundingRect;
    boxes[`${node.id} ${node.title}`] = [rect[0], rect[1], rect[0] + rect[2], rect[1] + rect[3]];
  }
  if (LiteGraph.vueNodesMode) for (const element of document.querySelectorAll('[data-node-id]')) {
    const node = app.graph.getNodeById(element.dataset.nodeId);
    const seen = element.getBoundingClientRect(), bar = app.canvas.canvas.getBoundingClientRect();
    const {scale, offset} = app.canvas.ds;
    if (node && seen.height) {
      const x = (seen.x - bar.x) / scale - offset[0], y = (seen.y - bar.y) / scale - offset[1];
      boxes[`${node.id} ${node.title}`] = [x, y, x + seen.width / scale, y + seen.height / scale];
    }
  }
  const all = Object.values(boxes).concat(app.graph._groups.map((g) => [
    g.pos[0], g.pos[1], g.pos[0] + g.size[0], g.pos[1] + g.size[1]]));
  return {
    nodes: boxes, scale: app.canvas.ds.scale, offset: [...app.canvas.ds.offset],
    bounds: [0, 1, 2, 3].map((i) => (i < 2 ? Math.min : Math.max)(...all.map((box) => box[i]))),
    errors: app.graph._nodes.filter((node) => node.has_errors || !(node.type in LiteGraph.registered_node_types))
      .map((node) => node.type),
  };
}"""


PREVIEWED = """() => app.graph._nodes.every((node) => ({
  LoadImage: () => node.imgs?.every((each) => each.complete), LoadVideo: () => node.videoContainer,
}[node.type] ?? (() => true))()) && [...document.querySelectorAll('video')].every((each) => each.readyState > 1)"""
STILL_FOR, MOST_LOOKS = 3, 100  # looks at the graph that show the same, and looks altogether


@contextmanager
def open_page(server: Any) -> Iterator[Any]:
    """The page as somebody finds it who was here before, in a browser of its own."""
    version = server.get("/system_stats")["system"]["required_frontend_version"]  # whose habits the page has
    # else templates open by themselves, sooner or later
    server.post("/settings", {"Comfy.TutorialCompleted": True, "Comfy.InstalledVersion": version})
    with browser() as chromium:
        yield new_page(chromium, server)


def new_page(chromium: Any, server: Any, width: int = 1600, height: int = 1000) -> Any:
    """One more page of a browser, as open_page has prepared it."""
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.goto(server.url)
    page.wait_for_function(READY, timeout=60000)
    return page


def set_renderer(page: Any, name: str) -> None:
    """canvas: the front end's old renderer; vue: its new one."""
    page.evaluate(SET, ["Comfy.VueNodes.Enabled", name == "vue"])


def show(page: Any, workflow: dict) -> dict:
    """Opens a workflow and returns what is seen: boxes (left, top, right, bottom) by node, zoom and offset."""
    page.evaluate("async (workflow) => { await app.loadGraphData(workflow); }", workflow)
    page.wait_for_function(PREVIEWED, timeout=30000)
    page.keyboard.press("Escape")  # a dialogue about models that are missing
    seen = [page.evaluate(VIEW)]
    while len(seen) < STILL_FOR or any(view != seen[-1] for view in seen[-STILL_FOR:]):  # nodes grow by what they show
        if len(seen) == MOST_LOOKS:
            raise TimeoutError(f"The nodes do not come to rest: {seen[-2:]}")
        page.wait_for_timeout(150)
        seen.append(page.evaluate(VIEW))
    return seen[-1]


def meant(page: Any) -> dict:
    """What would run of the workflow that is open, in API form."""
    return page.evaluate("async () => (await app.graphToPrompt()).output")
