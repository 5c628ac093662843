"""Random weights, a drawn dancer and the Animate node, in the ComfyUI of this process."""

from functools import cached_property

from comfy.patcher_extension import WrappersMP

from .bench import Bench
from .measuring import Timed, now
from .pictures import dancer

KEY = "benchmark"


class Clock:
    """When each evaluation of the model began, and how often the UNet ran. With ddim and euler a step is one evaluation."""

    def __init__(self, model):
        """Puts itself on a clone of MODEL, `self.model`."""
        self.begins, self.calls, self.model = [], 0, model.clone()
        self.model.add_wrapper_with_key(WrappersMP.PREDICT_NOISE, KEY, self._step)
        self.model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, KEY, self._call)

    def _step(self, executor, *args, **kwargs):
        self.begins.append(now())
        return executor(*args, **kwargs)

    def _call(self, executor, *args, **kwargs):
        self.calls += 1
        return executor(*args, **kwargs)


class Scene:
    """What a graph of the pack's nodes has, each part loaded when it is first asked for."""

    def __init__(self, bench: Bench):
        self.sizes, self.run = bench.sizes, bench.host.run
        self.windows = {"context_length": bench.sizes.window, "context_overlap": bench.sizes.overlap}

    @cached_property
    def checkpoint(self) -> tuple:
        """MODEL, CLIP, VAE"""
        return self.run("CheckpointLoaderSimple", ckpt_name="random_sd15.safetensors")

    @cached_property
    def temporal(self):
        return self.make_temporal(self.checkpoint[0])

    def make_temporal(self, model):
        file = "temporal_attention/temporal_attention.ckpt"
        return self.run("MagicAnimateTemporalUNetLoader", model=model, motion_module=file)[0]

    @cached_property
    def encoder(self):
        file = "appearance_encoder/diffusion_pytorch_model.safetensors"
        return self.run("MagicAnimateAppearanceEncoderLoader", appearance_encoder=file)[0]

    @cached_property
    def control_net(self):
        file = "densepose_controlnet/diffusion_pytorch_model.safetensors"
        return self.run("MagicAnimateDensePoseControlNetLoader", control_net=file)[0]

    @cached_property
    def text(self) -> list:
        """The empty prompt as CONDITIONING, with tokens (1, L, D)."""
        return self.run("CLIPTextEncode", clip=self.checkpoint[1], text="")[0]

    def animate(self, frames: int, steps: int, model=None, side: int = 0, **changes) -> Timed:
        """Runs Animate. changes: inputs of the node that are not its defaults."""
        clock, side = Clock(model or self.temporal), side or self.sizes.side
        image, poses = dancer(side, frames)
        given = {
            "model": clock.model, "appearance_encoder": self.encoder, "control_net": self.control_net,
            "vae": self.checkpoint[2], "positive": self.text, "negative": self.text, "reference_image": image,
            "pose_video": poses, "seed": 1, "steps": steps, **self.windows,
        }  # fmt: skip
        begin = now()
        latents = self.run("MagicAnimateAnimate", **given | changes)[0]["samples"]
        self.calls = clock.calls
        return Timed(marks=[begin, *clock.begins[1:], now()], latents=latents)
