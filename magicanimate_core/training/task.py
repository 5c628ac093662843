"""A stage of MagicAnimate's training as a task of the loop."""

from collections.abc import Callable
from pathlib import Path

from einops import rearrange
from torch import nn

from ..pipeline.latents import encode_frames
from .batch import Batch, Drawn
from .batches import Batches

Validate = Callable[[int, Path], dict[str, float]]  # (step, folder for clips) -> numbers for the log


class AnimationTask:
    """Trains `module`, a loss of batches, on what `batches` draws. `vae` encodes pixels; `validation` animates clips."""

    def __init__(self, module: nn.Module, vae: nn.Module, batches: Batches, validation: Validate | None = None) -> None:
        self.module, self.vae, self.batches, self.validation = module, vae, batches, validation
        self.skipped = batches.skipped

    def batch(self, step: int, part: int, rank: int) -> Drawn:
        """Draws the batch of a step, a function of its arguments only."""
        return self.batches(step, part, rank)

    def prepare(self, drawn: Drawn) -> Batch:
        """Returns the batch with pixels as latents and poses in [0, 1], on the device where it is now."""
        latents, reference = drawn.targets, drawn.reference
        if not drawn.encoded:
            frames = encode_frames(self.vae, rearrange(latents, "n f h w c -> (n f) h w c"))
            latents = rearrange(frames, "(n f) c h w -> n f c h w", n=len(latents))
            reference = encode_frames(self.vae, reference)
        return Batch(
            latents=latents.float(),
            reference=reference.float(),
            poses=drawn.poses.movedim(-1, 2).float() / 255,  # (N, F, 3, H, W)
            parts=drawn.parts,
            reference_parts=drawn.reference_parts,
            timesteps=drawn.timesteps,
            noise=drawn.noise,
            with_reference=drawn.with_reference,
            rollout=drawn.rollout,
        )

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        """Writes validation clips to `folder` where there are any; returns numbers for the log."""
        return self.validation(step, folder) if self.validation else {}
