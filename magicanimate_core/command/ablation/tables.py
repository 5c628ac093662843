"""Table 2 of the paper: what each row differs in from the whole method, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...method.baselines import MAGICANIMATE

WHOLE_METHOD = "ours"


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """A row that the paper has."""

    options: Mapping[str, Any] = field(default_factory=dict)  # of Animate, that differ
    method: str = MAGICANIMATE
    trained: str = ""  # how other weights were trained, which a config must give for it; empty: it has the same


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """A part of the table. lines: (what stands in the columns of `heads`, the row's name)."""

    letter: str
    caption: str
    heads: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], str], ...]


PAPER_ROWS = {
    WHOLE_METHOD: PaperRow(),
    "no_temporal_attention": PaperRow(options={"temporal_attention": False}),
    "clip": PaperRow(method="clip_image"),
    "ip_adapter": PaperRow(method="ipa_controlnet_video"),
    "no_joint_training": PaperRow(trained="joint.enabled: false in both stages"),
    "joint_training_temporal": PaperRow(trained="joint.enabled: false in stage 1"),
    "no_fusion": PaperRow(options={"fuse_method": "none"}),
    "separate_noise": PaperRow(options={"shared_noise": False}),
}
PAPER_TABLES = (
    PaperTable(
        letter="a",
        caption="The effect of modeling temporal information.",
        heads=("Temp Attn",),
        lines=((("w/o",), "no_temporal_attention"), (("w/",), WHOLE_METHOD)),
    ),
    PaperTable(
        letter="b",
        caption="The effect of appearance encoder.",
        heads=("App Enc",),
        lines=((("CLIP",), "clip"), (("IP-Adapter",), "ip_adapter"), (("Ours",), WHOLE_METHOD)),
    ),
    PaperTable(
        letter="c",
        caption="The effect of image-video joint training.",
        heads=("Spat", "Temp"),
        lines=((("✗", "✗"), "no_joint_training"), (("✗", "✓"), "joint_training_temporal"), (("✓", "✓"), WHOLE_METHOD)),
    ),
    PaperTable(
        letter="d",
        caption="The effect of the inference-stage temporal video fusion.",
        heads=("Avg",),
        lines=((("w/o",), "no_fusion"), (("w/",), WHOLE_METHOD)),
    ),
    PaperTable(
        letter="e",
        caption="The effect of sharing the same initial noises for all the video segments.",
        heads=("Noise",),
        lines=((("diff",), "separate_noise"), (("same",), WHOLE_METHOD)),
    ),
)
ACROSS_WINDOWS = ("fuse_method", "shared_noise", "context_overlap", "context_schedule")  # idle where a clip is one window
