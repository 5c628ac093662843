"""Somebody at the page: mouse and keyboard only, every action counted."""

import contextlib
from typing import Any

SLOT = """([title, side, name]) => {
  const node = app.graph._nodes.find((each) => each.title === title);
  const at = node[side].findIndex((slot) => slot.name === name);
  if (LiteGraph.vueNodesMode) {  // where it is seen, once it is
    const key = `${node.id}-${side === 'inputs' ? 'in' : 'out'}-${at}`;
    const seen = document.querySelector(`[data-slot-key="${key}"]`)?.getBoundingClientRect();
    return seen?.width && [seen.x + seen.width / 2, seen.y + seen.height / 2];
  }
  const [x, y] = side === 'inputs' ? node.getInputPos(at) : node.getOutputPos(at);
  const bar = app.canvas.canvas.getBoundingClientRect(), {scale, offset} = app.canvas.ds;
  return [(x + offset[0]) * scale + bar.x, (y + offset[1]) * scale + bar.y];
}"""
SETTLED = 700  # milliseconds in which the page has done what it was told


class Hands:
    """actions: what was done so far, in words."""

    def __init__(self, page: Any) -> None:
        self.page, self.actions = page, []

    def _done(self, words: str) -> None:
        self.actions.append(words)
        self.page.wait_for_timeout(SETTLED)

    def open_search(self, x: float, y: float) -> None:
        """Double clicks on the empty canvas; again, where a busy page took it for two clicks."""
        for _ in range(3):
            self.page.mouse.dblclick(x, y)
            with contextlib.suppress(Exception):
                self.page.get_by_placeholder("Add a node").wait_for(timeout=5000)
                break
        self._done("double click")

    def click_at(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y)
        self.page.mouse.click(x, y)
        self._done(f"click at {x}, {y}")

    def click(self, shown: Any, words: str) -> None:
        """Clicks on what is shown, a locator."""
        shown.click(timeout=60000)
        self._done(f"click on {words}")

    def write(self, words: str) -> None:
        self.page.keyboard.type(words)
        self._done(f"write {words}")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self._done(f"press {key}")

    def pull(self, title: str, side: str, name: str, x: float, y: float) -> None:
        """Pulls a link from a slot (side: inputs, outputs) of a node to a place."""
        place = self.page.wait_for_function(SLOT, arg=[title, side, name], timeout=60000)
        self.page.mouse.move(*place.json_value())
        self.page.mouse.down()
        self.page.mouse.move(x, y, steps=8)
        self.page.mouse.up()
        self._done(f"pull a link from {name}")

    def open_templates(self, pack: str) -> None:
        """Opens the list of templates at those of a pack."""
        self.click(self.page.get_by_role("button", name="Templates", exact=True), "Templates")
        self.click(self.page.get_by_text(pack, exact=True).first, pack)
