"""The whole animation in one node: a composition of the others."""

import comfy.samplers
from comfy_api.latest import io

from ..magicanimate_core.host.sampling import OFFICIAL, Clip, Models, Sampling, animate
from ..magicanimate_core.host.sliding import SlidingWindows
from ..magicanimate_core.method.noise import SPACINGS
from .sampling import MAX_SEED
from .schema import (
    ADVANCED,
    AppearanceEncoder,
    advanced_window_inputs,
    fit_input,
    schema,
    size_error,
    size_inputs,
    window_error,
    window_inputs,
)


class Animate(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateAnimate",
            display_name="Animate (sliding window)",
            description="Animates a reference image along a pose video of any length. Decode the latents with VAE Decode.",
            search_aliases=["magicanimate", "magic animate", "image to video", "dance", "densepose"],
            inputs=[*_model_inputs(), *_sampling_inputs(), *window_inputs(), *_clip_inputs(), *_optional_inputs()],
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
        window, size = window_error(context_length, context_overlap), size_error(width, height)
        return window or size or _steps_error(steps, scheduler) or True

    @classmethod
    def execute(
        cls,
        model,
        appearance_encoder,
        control_net,
        vae,
        positive,
        negative,
        reference_image,
        pose_video,
        seed: int = 0,
        steps: int = 25,
        cfg: float = 7.5,
        sampler_name: str = "ddim",
        scheduler: str = OFFICIAL,
        pose_strength: float = 1.0,
        context_length: int = 16,
        context_overlap: int = 4,
        context_schedule: str = "official",
        fuse_method: str = "flat",
        shared_noise: bool = True,
        width: int = 0,
        height: int = 0,
        fit: str = "crop",
        noise=None,
        windows_per_batch: int = 1,
        context_stride: int = 1,
        closed_loop: bool = False,
    ) -> io.NodeOutput:
        windows = SlidingWindows(
            context_length,
            context_overlap,
            context_schedule,
            fuse_method,
            context_stride,
            closed_loop,
            windows_per_batch,
        )
        latents = animate(
            Models(model, appearance_encoder, control_net, vae),
            positive,
            negative,
            Clip(reference_image, pose_video, width, height, fit, pose_strength),
            Sampling(seed, steps, cfg, sampler_name, scheduler, shared_noise, noise),
            windows,
        )
        return io.NodeOutput({"samples": latents})


def _model_inputs() -> list:
    return [
        io.Model.Input("model", tooltip="From Load Temporal UNet."),
        AppearanceEncoder.Input("appearance_encoder", tooltip="From Load Appearance Encoder."),
        io.ControlNet.Input("control_net", tooltip="From Load DensePose ControlNet."),
        io.Vae.Input("vae", tooltip="VAE of SD 1.5 (MagicAnimate was trained with sd-vae-ft-mse)."),
        io.Conditioning.Input("positive", tooltip="The published results use an empty prompt."),
        io.Conditioning.Input("negative", tooltip="The published results use an empty prompt."),
        io.Image.Input("reference_image", tooltip="One image: who is to move, and where."),
        io.Image.Input("pose_video", tooltip="DensePose frames in MagicAnimate's colours: viridis on dark violet."),
    ]


def _sampling_inputs() -> list:
    return [
        io.Int.Input("seed", default=0, min=0, max=MAX_SEED, control_after_generate=True, tooltip="Seed of the noise."),
        io.Int.Input("steps", default=25, min=1, max=10000, tooltip="Denoising steps; the published results use 25."),
        io.Float.Input(
            "cfg",
            default=7.5,
            min=0.0,
            max=100.0,
            step=0.1,
            round=0.01,
            tooltip="Guidance scale; the published results use 7.5. 1 halves the work.",
        ),
        io.Combo.Input(
            "sampler_name",
            options=comfy.samplers.KSampler.SAMPLERS,
            default="ddim",
            tooltip="The published results use ddim.",
        ),
        io.Combo.Input(
            "scheduler",
            options=[*SPACINGS, *comfy.samplers.KSampler.SCHEDULERS],
            default=OFFICIAL,
            tooltip="official: the published timesteps. trailing: those that begin with nothing but noise, for few steps. "
            "The others are ComfyUI's own.",
        ),
        io.Float.Input(
            "pose_strength",
            default=1.0,
            min=0.0,
            max=10.0,
            step=0.01,
            tooltip="Factor on the pose's influence; 0 switches it off.",
        ),
    ]


def _clip_inputs() -> list:
    return [
        io.Boolean.Input(
            "shared_noise",
            default=True,
            tooltip="Start all windows from the same noise (Sec. 3.3): steadier. Off: every frame its own.",
        ),
        *size_inputs(0, "that of the pose video"),
    ]


def _optional_inputs() -> list:
    return [
        fit_input("both reference image and pose video"),
        io.Noise.Input(
            "noise",
            optional=True,
            extra_dict=ADVANCED,
            tooltip="Initial noise for every frame (after padding), in place of seed and shared_noise.",
        ),
        *advanced_window_inputs(),
    ]


def _steps_error(steps: int | None, scheduler: str | None) -> str | None:
    if steps is None or scheduler not in SPACINGS:
        return None
    try:
        SPACINGS[scheduler](steps)
    except ValueError as error:
        return str(error)
    return None


NODES = [Animate]
