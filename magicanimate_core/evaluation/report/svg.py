"""A pen that draws into a page, as SVG: colours are the page's own, light or dark."""

from collections.abc import Sequence
from html import escape

from .charts import QUIET_ROLE, ChartBox, Point

ANCHORS = {"l": "start", "m": "middle", "r": "end"}
NAMED_DOTS = 400  # dots that can be pointed at; more would make the page heavy


class SvgPen:
    """Draws on a picture of so many pixels, which grows and shrinks with its place in the page."""

    def __init__(self, width: int, height: int, words: str) -> None:
        self.width, self.height, self.words = width, height, words
        self.parts: list[str] = []

    def line(self, points: Sequence[Point], role: str, dashed: bool = False) -> None:
        """Draws a line through points; a single point is a dot."""
        first, *rest = points
        path = f"M{_at(first)}" + ("".join(f"L{_at(point)}" for point in rest) or "h0")
        self.parts.append(f'<path class="line {role}{" dashed" if dashed else ""}" d="{path}"/>')

    def dots(self, points: Sequence[Point], role: str, names: Sequence[str]) -> None:
        """Draws dots; those of a few say what they are when pointed at."""
        if len(points) > NAMED_DOTS:
            path = "".join(f"M{_at(point)}h0" for point in points)
            self.parts.append(f'<path class="dots {role}" d="{path}"/>')
            return
        for point, name in zip(points, names, strict=True):
            self.parts.append(f'<path class="dots {role}" d="M{_at(point)}h0"><title>{escape(name)}</title></path>')

    def box(self, box: ChartBox, role: str) -> None:
        """Fills a box, at least a pixel high."""
        left, top, right, bottom = box
        size = f'width="{right - left:.1f}" height="{max(1.0, bottom - top):.1f}"'
        self.parts.append(f'<rect class="{role}" x="{left:.1f}" y="{top:.1f}" {size}/>')

    def write(self, x: float, y: float, words: str, role: str = QUIET_ROLE, anchor: str = "lm") -> None:
        """Writes words."""
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{ANCHORS[anchor[0]]}"'
        self.parts.append(f'<text class="{role}" {place} dominant-baseline="central">{escape(words)}</text>')

    def __str__(self) -> str:
        size = f'viewBox="0 0 {self.width} {self.height}"'
        return f'<svg {size} role="img" aria-label="{escape(self.words)}">{"".join(self.parts)}</svg>'


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
