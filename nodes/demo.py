"""Something to try at once: a small model that comes with the pack, and what it was trained to animate."""

from pathlib import Path

import torch
from comfy_api.latest import io

from ..magicanimate_core.host.demo import existing, load_demo
from ..magicanimate_core.media.reading import read_frames
from .checks import plain_errors
from .schema import AppearanceEncoderType, schema

DEMO_CATEGORY = "MagicAnimate/demo"
DEMO = Path(__file__).resolve().parent.parent / "demo"


class LoadDemoModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            category=DEMO_CATEGORY,
            node_id="MagicAnimateDemoModel",
            display_name="Load Demo Model",
            description="Loads the small model that comes with the pack, trained on drawn dancers at 192 x 192: everything "
            "Animate needs, without a download. It knows no photos; take the published weights for those.",
            search_aliases=["magicanimate", "magic animate", "demo", "example", "tiny model"],
            inputs=[],
            outputs=[
                io.Model.Output(display_name="model", tooltip="The temporal UNet, ready for Animate."),
                AppearanceEncoderType.Output(
                    display_name="appearance_encoder", tooltip="For Apply Reference Image or Animate."
                ),
                io.ControlNet.Output(display_name="control_net", tooltip="For Apply Pose Video or Animate."),
                io.Vae.Output(
                    display_name="vae", tooltip="For Animate and VAE Decode; other models' latents are different."
                ),
                io.Conditioning.Output(display_name="positive", tooltip="The empty prompt, the only one this model knows."),
                io.Conditioning.Output(display_name="negative", tooltip="The empty prompt, the only one this model knows."),
            ],
        )

    @classmethod
    def execute(cls) -> io.NodeOutput:
        with plain_errors():
            dancers = [read_frames(path)[0] for path in sorted((DEMO / "inputs").glob("dancer_*.png"))]
            demo = load_demo(DEMO / "weights", torch.cat(dancers) if dancers else None)
        positive, negative = ([[demo.text, {}]] for _ in range(2))
        return io.NodeOutput(demo.model, demo.appearance_encoder, demo.control_net, demo.vae, positive, negative)


class DemoInputs(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            category=DEMO_CATEGORY,
            node_id="MagicAnimateDemoInputs",
            display_name="Demo Dancer and Motion",
            description="A drawn dancer and a DensePose clip, both 192 x 192, for the demo model to animate.",
            search_aliases=["magicanimate", "magic animate", "demo", "example", "densepose", "dance"],
            inputs=[
                io.Combo.Input("dancer", options=_stems("dancer_*.png"), tooltip="Who is to move: a drawn person."),
                io.Combo.Input("motion", options=_stems("motion_*.mp4"), tooltip="How: a DensePose clip."),
            ],
            outputs=[
                io.Image.Output(display_name="reference_image", tooltip="The dancer, one image."),
                io.Image.Output(display_name="pose_video", tooltip="The clip's frames, in MagicAnimate's colours."),
                io.Float.Output(display_name="fps", tooltip="Frames per second of the clip, for Create Video."),
            ],
        )

    @classmethod
    def execute(cls, dancer: str, motion: str) -> io.NodeOutput:
        with plain_errors():
            image, _ = read_frames(Path(existing(DEMO / "inputs" / f"{dancer}.png")))
            poses, fps = read_frames(Path(existing(DEMO / "inputs" / f"{motion}.mp4")))
        return io.NodeOutput(image, poses, fps)


def _stems(pattern: str) -> list[str]:
    """Names for a drop-down; where the files are missing, the first one's, so that the node can say so when it runs."""
    return sorted(path.stem for path in (DEMO / "inputs").glob(pattern)) or [pattern.split("*")[0] + "1"]


NODES = [LoadDemoModel, DemoInputs]
