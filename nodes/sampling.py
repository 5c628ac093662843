"""Noise and sigmas for the host's SamplerCustomAdvanced."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.sampling import SharedNoise, spaced_sigmas
from ..magicanimate_core.method.noise import TIMESTEPS
from ..magicanimate_core.method.windows import OFFICIAL
from .schema import inputs, option_words, schema


class SharedSegmentNoise(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateSharedNoise",
            display_name="Shared Segment Noise",
            description="Starts every segment of a clip from the same noise (Sec. 3.3): frame f gets noise f mod "
            "context_length.",
            search_aliases=["noise", "repeat noise", "magic animate"],
            inputs=[
                *inputs("seed", id="noise_seed", control_after_generate=True),
                *inputs(
                    "context_length", tooltip="Frames after which the noise repeats: context_length of Sliding Windows."
                ),
            ],
            outputs=[io.Noise.Output()],
        )

    @classmethod
    def execute(cls, noise_seed: int, context_length: int = 16) -> io.NodeOutput:
        return io.NodeOutput(SharedNoise(noise_seed, context_length))


class MagicAnimateScheduler(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateScheduler",
            display_name="MagicAnimate Scheduler",
            description="Sigmas at the timesteps of the published code, or at trailing ones, at any number of steps.",
            search_aliases=["sigmas", "ddim", "official timesteps", "magic animate"],
            inputs=[
                io.Model.Input("model", tooltip="From Load Temporal UNet, whose noise schedule is used."),
                *inputs("steps", max=999, tooltip="Denoising steps."),
                io.Float.Input(
                    "denoise",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="1: start from noise; less: keep some of the latent that goes in, the more the lower it is.",
                ),
                # workflows that were saved without it go on working
                *inputs(
                    "scheduler", id="spacing", options=list(TIMESTEPS), optional=True, tooltip=option_words("scheduler")
                ),
            ],
            outputs=[io.Sigmas.Output()],
        )

    @classmethod
    def execute(cls, model: Any, steps: int = 25, denoise: float = 1.0, spacing: str = OFFICIAL) -> io.NodeOutput:
        return io.NodeOutput(spaced_sigmas(model, spacing, steps, denoise))


NODES = [SharedSegmentNoise, MagicAnimateScheduler]
