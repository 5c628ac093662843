"""The whole animation in one node: a composition of the others."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.options import BY_ENCODER, HostSettings
from ..magicanimate_core.host.sampling import check_pictures, sample_animation
from ..magicanimate_core.host.showing import NEEDED_BY, SHOWING_PARTS, Parts, check_connected
from ..magicanimate_core.presets import AS_PUBLISHED, with_preset
from .checks import CheckedWindows, late, plain_errors
from .queued import HIDDEN_INPUTS
from .schema import (
    ADVANCED,
    MAX_STEPS,
    AppearanceEncoderType,
    IPAdapterType,
    advanced_window_inputs,
    given,
    inputs,
    less_work_inputs,
    schema,
    window_inputs,
)


class Animate(CheckedWindows):
    OPTIONS = HostSettings

    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateAnimate",
            display_name="Animate (sliding window)",
            description="Animates a reference image along a pose video of any length. Decode the latents with VAE Decode.",
            search_aliases=["magicanimate", "magic animate", "image to video", "dance", "densepose"],
            inputs=[*late(_part_inputs()), *_sampling_inputs(), *window_inputs(), *_clip_inputs(), *_optional_inputs()],
            outputs=[io.Latent.Output(tooltip="One latent per frame of the pose video, in order.")],
            hidden=HIDDEN_INPUTS,
        )

    @classmethod
    def check_pictures(cls, reference_image: Any = None, pose_video: Any = None, **inputs: Any) -> None:
        """Raises ValueError for a photo or a pose video that cannot be animated."""
        check_pictures(reference_image, pose_video, HostSettings(**given(HostSettings, inputs)))

    @classmethod
    def check_lazy_status(cls, **inputs: Any) -> list[str]:
        """As every node's; what shows the photo, and is not used, is not loaded."""
        wanted = super().check_lazy_status(**inputs)
        unused = SHOWING_PARTS - NEEDED_BY[inputs.get("reference_by", BY_ENCODER)].keys()
        return [name for name in wanted if name not in unused]

    @classmethod
    def check_options(cls, **inputs: Any) -> None:
        """Raises ValueError for options that cannot be used, alone or together, and for a part that they need."""
        super().check_options(**inputs)
        check_connected(inputs.get("reference_by") or BY_ENCODER, inputs.keys())

    @classmethod
    def execute(
        cls,
        model: Any,
        appearance_encoder: Any,  # None where it is not used
        control_net: Any,
        vae: Any,
        positive: list,
        negative: list,
        reference_image: Any,
        pose_video: Any,
        noise: Any = None,
        preset: str = AS_PUBLISHED,
        clip_vision: Any = None,
        ip_adapter: Any = None,
        **options: Any,
    ) -> io.NodeOutput:
        settings = with_preset(HostSettings(**options), preset)
        parts = Parts(model, appearance_encoder, control_net, vae, clip_vision, ip_adapter)
        images = {"reference_image": reference_image, "pose_video": pose_video}
        with plain_errors():
            latents = sample_animation(parts, positive, negative, **images, settings=settings, noise=noise)
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
    return [*seed, *inputs("steps", max=MAX_STEPS), *inputs("cfg", "sampler_name", "scheduler", "pose_strength")]


def _clip_inputs() -> list[io.Input]:
    return inputs("shared_noise", "width", "height")


def _optional_inputs() -> list[io.Input]:
    noise = io.Noise.Input(
        "noise",
        optional=True,
        extra_dict=ADVANCED,
        tooltip="Initial noise for every frame (after padding), in place of seed and shared_noise.",
    )
    others = inputs("pose_colours", "reference_by", "temporal_attention", optional=True, extra_dict=ADVANCED)
    vision = io.ClipVision.Input(
        "clip_vision",
        optional=True,
        extra_dict=ADVANCED,
        tooltip="CLIP ViT-L/14, where reference_by is clip_image; the IP-Adapter's own (ViT-H/14), where it is ip_adapter.",
    )
    adapter = IPAdapterType.Input(
        "ip_adapter", optional=True, extra_dict=ADVANCED, tooltip="From Load IP-Adapter, where reference_by is ip_adapter."
    )
    parts, scale = late([noise, vision, adapter]), inputs("ip_adapter_scale", optional=True, extra_dict=ADVANCED)
    return [*inputs("fit", optional=True), *parts, *advanced_window_inputs(), *others, *less_work_inputs(), *scale]


NODES = [Animate]
