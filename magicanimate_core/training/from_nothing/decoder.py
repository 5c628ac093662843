"""The VAE's decoder once more, on latents as the finished nets make them. For a model from nothing.

Small nets leave latents that no picture has. A decoder that has seen them draws what they stand for; the encoder, and with
it every latent that the nets know, stays as it is.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from ...pipeline.latents import from_pixels
from ..animation import Animation
from ..batch import Batch, Drawn
from ..task import AnimationTask
from .person import person_weight
from .rollout import two_step_clean
from .vae import edge_loss


class Frames(NamedTuple):
    """A batch with the pictures that it should become."""

    batch: Batch
    pixels: Tensor  # (N, F, H, W, 3) uint8


class DecoderLoss(nn.Module):
    """Colours and edges of the frames that are decoded from latents as the nets sample them."""

    def __init__(self, vae: nn.Module, nets: Animation, *, person: float, edges: float) -> None:
        super().__init__()
        self.vae, self.nets, self.person, self.edges = vae, nets.eval().requires_grad_(False), person, edges
        self.vae.requires_grad_(False)
        for part in (vae.decoder, vae.post_quant_conv):
            part.requires_grad_(True)

    def train(self, mode: bool = True) -> "DecoderLoss":
        """Switches the VAE to training; the nets stay as they sample."""
        super().train(mode)
        self.nets.eval()
        return self

    def forward(self, frames: Frames) -> Tensor:
        """Returns the loss, a scalar."""
        batch = frames.batch
        with torch.no_grad():
            latents = two_step_clean(self.nets, batch).flatten(0, 1)  # ((N F), 4, h, w)
        true = from_pixels(rearrange(frames.pixels, "n f h w c -> (n f) h w c"))
        made = self.vae.decode(latents / self.vae.config.scaling_factor).sample.float()
        weight = person_weight(batch.parts, batch.reference_parts, self.person).flatten(0, 1)
        weight = F.interpolate(weight, true.shape[-2:])  # ((N F), 1, H, W)
        return ((made - true).abs() * weight).mean() + self.edges * edge_loss(made, true)


class DecoderTask(AnimationTask):
    """Batches of stage 2, with their pixels."""

    def prepare(self, drawn: Drawn) -> Frames:
        """Returns the batch, on the device, with the pixels that were drawn."""
        return Frames(super().prepare(drawn), drawn.targets)
