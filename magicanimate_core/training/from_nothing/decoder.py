"""The VAE's decoder once more, on latents as the finished nets make them. For a model from nothing.

Small nets leave latents that no picture has. A decoder that has seen them draws what they stand for; the encoder, and with
it every latent that the nets know, stays as it is.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from ...pipeline.latents import from_pixels
from ..animation import Animation
from ..task import AnimationTask
from .guide import emphasis
from .vae import edge_loss


class DecoderLoss(nn.Module):
    """Colours and edges of the frames that are decoded from latents as the nets sample them."""

    def __init__(self, vae, animation: Animation, person: float, edges: float):
        super().__init__()
        self.vae, self.animation, self.person, self.edges = vae, animation.eval().requires_grad_(False), person, edges
        self.vae.requires_grad_(False)
        for part in (vae.decoder, vae.post_quant_conv):
            part.requires_grad_(True)

    def train(self, mode: bool = True):
        super().train(mode)
        self.animation.eval()
        return self

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """batch: Animation's, and pixels (R, F, H, W, 3) uint8."""
        with torch.no_grad():
            latents = self.animation.sampled(batch).flatten(0, 1)  # ((R F), 4, h, w)
        true = from_pixels(rearrange(batch["pixels"], "r f h w c -> (r f) h w c"))
        made = self.vae.decode(latents / self.vae.config.scaling_factor).sample.float()
        weight = emphasis(batch["parts"], batch["reference_parts"], self.person).flatten(0, 1)
        weight = F.interpolate(weight, true.shape[-2:])  # ((R F), 1, H, W)
        return ((made - true).abs() * weight).mean() + self.edges * edge_loss(made, true)


class DecoderTask(AnimationTask):
    """Batches of stage 2, with their pixels."""

    def __init__(self, loss: DecoderLoss, batches, samples=None):
        super().__init__(loss, loss.vae, batches, samples)

    def prepare(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return super().prepare(batch) | {"pixels": batch["pixels"]}
