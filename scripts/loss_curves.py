"""Loss curves of training logs as a picture:  python -m scripts.loss_curves OUT.svg LOG.jsonl [LOG.jsonl ...]

Each log.jsonl of `python -m magicanimate_core train` becomes a panel: losses in grey, their running mean in red.
"""

import argparse
import json
from pathlib import Path

WIDTH, HEIGHT, MARGIN, COLUMNS = 360, 220, 40, 3


def panel(path: Path, left: int, above: int) -> str:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    losses = [(line["step"], line["loss"]) for line in lines if "loss" in line]
    mean, smooth = losses[0][1], []
    for step, loss in losses:
        mean += 0.15 * (loss - mean)
        smooth.append((step, mean))
    last, top = losses[-1][0], max(loss for _, loss in losses)

    x, y, bottom = left + MARGIN, above + MARGIN, above + MARGIN + HEIGHT

    def points(series) -> str:
        return " ".join(f"{x + WIDTH * s / last:.1f},{y + HEIGHT * (1 - v / top):.1f}" for s, v in series)

    return f"""<g font-family="sans-serif" font-size="12" fill="#333">
<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#bbb"/>
<text x="{x}" y="{y - 10}">{path.stem}: {losses[0][1]:.3g} to {smooth[-1][1]:.3g}</text>
<text x="{x - 6}" y="{y + 10}" text-anchor="end">{top:.2g}</text>
<text x="{x - 6}" y="{bottom}" text-anchor="end">0</text>
<text x="{x + WIDTH}" y="{bottom + 16}" text-anchor="end">{last} steps</text>
<polyline points="{points(losses)}" fill="none" stroke="#ccc"/>
<polyline points="{points(smooth)}" fill="none" stroke="#c33" stroke-width="2"/>
</g>"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("logs", type=Path, nargs="+")
    options = parser.parse_args()
    across, down = WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN
    panels = [panel(path, i % COLUMNS * across, i // COLUMNS * down) for i, path in enumerate(options.logs)]
    size = f'width="{across * min(len(panels), COLUMNS)}" height="{down * -(-len(panels) // COLUMNS)}"'
    options.out.write_text("\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', *panels, "</svg>", ""]))


if __name__ == "__main__":
    main()
