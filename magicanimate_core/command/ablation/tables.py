"""Table 2 of the paper: what each row differs in from the whole method, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OURS = "ours"


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """A row that the paper has. `needs` says, after "left out:", what a config must give for it; empty: nothing."""

    options: Mapping[str, Any] = field(default_factory=dict)  # of Animate, that differ
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """A part of the table. lines: (what stands in the columns of `heads`, the row's name)."""

    letter: str
    caption: str
    heads: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], str], ...]


RETRAINED = "it is another training (joint.enabled: false{}): give it models.magicanimate, the export of that one."

PAPER_ROWS = {
    OURS: PaperRow(),
    "no_temporal_attention": PaperRow(options={"temporal_attention": False}),
    "clip": PaperRow(needs="the method that reads the photo by CLIP's image tokens is not part of this version."),
    "ip_adapter": PaperRow(needs="the method that reads the photo by an IP-Adapter is not part of this version."),
    "no_joint_training": PaperRow(needs=RETRAINED.format(" in both stages")),
    "joint_training_temporal": PaperRow(needs=RETRAINED.format(" in stage 1")),
    "no_fusion": PaperRow(options={"fuse_method": "none"}),
    "separate_noise": PaperRow(options={"shared_noise": False}),
}
PAPER_TABLES = (
    PaperTable(
        letter="a",
        caption="The effect of modeling temporal information.",
        heads=("Temp Attn",),
        lines=((("w/o",), "no_temporal_attention"), (("w/",), OURS)),
    ),
    PaperTable(
        letter="b",
        caption="The effect of appearance encoder.",
        heads=("App Enc",),
        lines=((("CLIP",), "clip"), (("IP-Adapter",), "ip_adapter"), (("Ours",), OURS)),
    ),
    PaperTable(
        letter="c",
        caption="The effect of image-video joint training.",
        heads=("Spat", "Temp"),
        lines=((("✗", "✗"), "no_joint_training"), (("✗", "✓"), "joint_training_temporal"), (("✓", "✓"), OURS)),
    ),
    PaperTable(
        letter="d",
        caption="The effect of the inference-stage temporal video fusion.",
        heads=("Avg",),
        lines=((("w/o",), "no_fusion"), (("w/",), OURS)),
    ),
    PaperTable(
        letter="e",
        caption="The effect of sharing the same initial noises for all the video segments.",
        heads=("Noise",),
        lines=((("diff",), "separate_noise"), (("same",), OURS)),
    ),
)
ACROSS_WINDOWS = ("fuse_method", "shared_noise", "context_overlap", "context_schedule")  # idle where a clip is one window
