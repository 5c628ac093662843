"""A stage of MagicAnimate's training as a task of the loop."""

from pathlib import Path

from einops import rearrange
from torch import Tensor

from ..pipeline.latents import encode_frames
from .animation import Animation
from .batches import Batches


class AnimationTask:
    """Stage "scratch", "1" or "2". `samples` draws validation clips: (step, folder) -> numbers for the log."""

    def __init__(self, module: Animation, vae, batches: Batches, samples=None):
        self.module, self.vae, self.batches, self.samples = module, vae, batches, samples

    def batch(self, step: int, part: int, rank: int) -> dict[str, Tensor]:
        return self.batches(step, part, rank)

    def prepare(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """On the device: pixels become latents, poses [0, 1]."""
        ready = {k: v for k, v in batch.items() if "pixels" not in k and "latents" not in k}
        ready["poses"] = batch["poses"].movedim(-1, 2).float() / 255  # (R, F, 3, H, W)
        if "latents" in batch:
            return ready | {"latents": batch["latents"].float(), "reference": batch["reference_latents"].float()}
        count = batch["pixels"].shape[0]
        latents = encode_frames(self.vae, rearrange(batch["pixels"], "r f h w c -> (r f) h w c"))
        ready["latents"] = rearrange(latents, "(r f) c h w -> r f c h w", r=count)
        return ready | {"reference": encode_frames(self.vae, batch["reference_pixels"])}

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        return self.samples(step, folder) if self.samples else {}
