"""The whole animation in one node: a composition of the others."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.options import HostSettings
from ..magicanimate_core.host.sampling import Parts, sample_animation
from .schema import (
    ADVANCED,
    AppearanceEncoderType,
    advanced_window_inputs,
    inputs,
    problem,
    schema,
    size_problem,
    window_inputs,
    window_problem,
)


class Animate(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateAnimate",
            display_name="Animate (sliding window)",
            description="Animates a reference image along a pose video of any length. Decode the latents with VAE Decode.",
            search_aliases=["magicanimate", "magic animate", "image to video", "dance", "densepose"],
            inputs=[*_part_inputs(), *_sampling_inputs(), *window_inputs(), *_clip_inputs(), *_optional_inputs()],
            outputs=[io.Latent.Output(tooltip="One latent per frame of the pose video, in order.")],
        )

    @classmethod
    def validate_inputs(
        cls,
        steps: int | None = None,
        scheduler: str | None = None,
        context_length: int | None = None,
        context_overlap: int | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> bool | str:
        window, size = window_problem(context_length, context_overlap), size_problem(width, height)
        return window or size or problem(steps=steps, scheduler=scheduler) or True

    @classmethod
    def execute(
        cls,
        model: Any,
        appearance_encoder: Any,
        control_net: Any,
        vae: Any,
        positive: list,
        negative: list,
        reference_image: Any,
        pose_video: Any,
        noise: Any = None,
        **options: Any,
    ) -> io.NodeOutput:
        parts = Parts(model, appearance_encoder, control_net, vae)
        images = {"reference_image": reference_image, "pose_video": pose_video}
        latents = sample_animation(parts, positive, negative, **images, settings=HostSettings(**options), noise=noise)
        return io.NodeOutput({"samples": latents})


def _part_inputs() -> list[io.Input]:
    return [
        io.Model.Input("model", tooltip="From Load Temporal UNet."),
        AppearanceEncoderType.Input("appearance_encoder", tooltip="From Load Appearance Encoder."),
        io.ControlNet.Input("control_net", tooltip="From Load DensePose ControlNet."),
        io.Vae.Input("vae", tooltip="VAE of SD 1.5 (MagicAnimate was trained with sd-vae-ft-mse)."),
        io.Conditioning.Input("positive", tooltip="The published results use an empty prompt."),
        io.Conditioning.Input("negative", tooltip="The published results use an empty prompt."),
        io.Image.Input("reference_image", tooltip="One image: who is to move, and where."),
        io.Image.Input("pose_video", tooltip="DensePose frames in MagicAnimate's colours: viridis on dark violet."),
    ]


def _sampling_inputs() -> list[io.Input]:
    seed = inputs("seed", control_after_generate=True)
    return [*seed, *inputs("steps", "cfg", "sampler_name", "scheduler", "pose_strength")]


def _clip_inputs() -> list[io.Input]:
    return inputs("shared_noise", "width", "height")


def _optional_inputs() -> list[io.Input]:
    noise = io.Noise.Input(
        "noise",
        optional=True,
        extra_dict=ADVANCED,
        tooltip="Initial noise for every frame (after padding), in place of seed and shared_noise.",
    )
    return [*inputs("fit", optional=True), noise, *advanced_window_inputs()]


NODES = [Animate]
