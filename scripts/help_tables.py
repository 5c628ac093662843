"""Writes the tables of options into the nodes' help pages:  python -m scripts.help_tables

Between `<!-- options -->` and `<!-- end -->` of a page stands what magicanimate_core/options.py says of its node's options.
"""

from magicanimate_core.options import Aligning, Options, PoseWork, Settings, Windows, table

from .comfyui import PACK

PAGES: dict[str, type[Options]] = {
    "MagicAnimateAlignPose": Aligning,
    "MagicAnimateAnimate": Settings,
    "MagicAnimateContextWindows": Windows,
    "MagicAnimatePlan": Windows,
    "MagicAnimatePreparePose": PoseWork,
}


def main() -> None:
    for name, group in PAGES.items():
        path = PACK / "web" / "docs" / f"{name}.md"
        before, rest = path.read_text().split("<!-- options -->")
        after = rest.split("<!-- end -->")[1]
        path.write_text(f"{before}<!-- options -->\n{table(group)}\n<!-- end -->{after}")


if __name__ == "__main__":
    main()
