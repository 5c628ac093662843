"""A small VAE from nothing, for a model that is trained from nothing. Fine-tuning has Stable Diffusion's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...data import Sample
from ...media.densepose import BACKGROUND
from ...media.writing import write_picture
from ...pipeline.latents import decode, encode, from_pixels, to_pixels
from ...weights.architecture import LATENT_SCALE
from ..draws import generator


@dataclass(frozen=True)
class VaeSettings:
    """Shape and training of the VAE. The config file explains each."""

    widths: tuple[int, ...] = (32, 32, 64, 64)
    layers: int = 1
    groups: int = 8  # of the norms; one channel a group would lose the picture's mean colours
    batch: int = 16
    crop: int = 64  # pixels; it is convolutional, so crops teach as much as whole pictures
    crops: int = 1  # of each picture
    person: float = 0.0
    edges: float = 0.5
    kl: float = 1e-4
    colours: float = 0.5


def new_vae(settings: VaeSettings):
    """diffusers' AutoencoderKL, eight times smaller latents with four channels."""
    from diffusers import AutoencoderKL

    levels = len(settings.widths)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=settings.widths, layers_per_block=settings.layers, latent_channels=4,
        norm_num_groups=settings.groups, scaling_factor=LATENT_SCALE,
    )  # fmt: skip
    nn.init.constant_(vae.quant_conv.bias[4:], -5.0)  # log variance: begin with little noise
    return vae


class VaeLoss(nn.Module):
    """Reconstruction in colours and in edges, and a weak pull to a unit normal.

    The first three latent channels are also pulled to the picture itself, averaged over 8 x 8 pixels: a small net finds its
    colours in minutes instead of hours, and diffusion likes latents that look like pictures.
    """

    def __init__(self, vae, settings: VaeSettings):
        super().__init__()
        self.vae, self.settings = vae, settings

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        pixels = batch["pixels"]  # (B, 3, H, W) in [-1, 1]
        latents = self.vae.encode(pixels).latent_dist
        mean, std = latents.mean.float(), latents.std.float()
        made = self.vae.decode((mean + std * batch["noise"]).to(latents.mean.dtype)).sample.float()
        kl = 0.5 * (mean**2 + std**2 - 1 - 2 * std.log()).mean()
        colours = F.mse_loss(mean[:, :3], 2 * F.avg_pool2d(pixels, 8))
        picture = F.l1_loss(made, pixels) + F.mse_loss(made, pixels) + self.settings.edges * edge_loss(made, pixels)
        return picture + self.settings.colours * colours + self.settings.kl * kl


def edge_loss(made: Tensor, true: Tensor) -> Tensor:
    """Mean L1 distance of the differences between neighbouring pixels: L1 of colours alone forgives blur."""
    across, down = made.diff(dim=-1) - true.diff(dim=-1), made.diff(dim=-2) - true.diff(dim=-2)
    return across.abs().mean() + down.abs().mean()


class VaeTask:
    """Trains a VAE on pictures(generator, number) -> Sample of n pictures with their poses."""

    def __init__(self, vae, settings: VaeSettings, pictures: Callable[[np.random.Generator, int], Sample], seed: int):
        self.settings, self.pictures, self.seed = settings, pictures, seed
        self.module = VaeLoss(vae, settings)

    def batch(self, step: int, part: int, rank: int) -> dict[str, Tensor]:
        rng, size = generator(self.seed, step, part, rank), self.settings.crop
        drawn = self.pictures(rng, -(-self.settings.batch // self.settings.crops))
        crops = [
            crop(image, pose if rng.random() < self.settings.person else None, size, rng)
            for image, pose in zip(drawn.images, drawn.poses, strict=True)
            for _ in range(self.settings.crops)
        ]
        pixels = from_pixels(torch.from_numpy(np.stack(crops)))  # (B, 3, S, S)
        noise = rng.standard_normal((len(crops), 4, size // 8, size // 8), np.float32)
        return {"pixels": pixels, "noise": torch.from_numpy(noise)}

    def prepare(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return batch

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        """True above decoded pictures, as a PNG, and their mean L1 distance (0..1)."""
        images = self.pictures(generator(self.seed, 2**31 - 1), 8).images
        pixels = from_pixels(torch.from_numpy(images))
        made = decode(self.module.vae, encode(self.module.vae, pixels))
        true = pixels / 2 + 0.5
        folder.mkdir(parents=True, exist_ok=True)
        rows = torch.cat([torch.cat([*true], -1), torch.cat([*made.cpu()], -1)], -2)  # (3, 2 H, 8 W)
        write_picture(folder / "vae.png", to_pixels(rows[None])[0])
        return {"vae_l1": float((made - true.to(made)).abs().mean())}


def crop(image: np.ndarray, pose: np.ndarray | None, size: int, rng: np.random.Generator) -> np.ndarray:
    """A square of an image (H, W, 3), around a place of the body that `pose` (H, W, 3) shows, else anywhere."""
    body = np.flatnonzero((pose != BACKGROUND).any(-1)) if pose is not None else ()
    top, left = (int(rng.integers(0, side - size + 1)) for side in image.shape[:2])
    if len(body):
        centre = divmod(int(rng.choice(body)), image.shape[1])
        top, left = (min(max(at - size // 2, 0), side - size) for at, side in zip(centre, image.shape, strict=False))
    return image[top : top + size, left : left + size]


@torch.no_grad()
def normalise(vae, latents: Tensor) -> None:
    """Folds an affine map into the VAE's 1 x 1 convolutions, so that its latents have mean 0 and deviation 1 / scale.

    latents: the VAE's means of many pictures, (N, 4, h, w), not scaled.
    """
    mean, factor = latents.mean((0, 2, 3)), 1 / (LATENT_SCALE * latents.std((0, 2, 3)))  # (4,)
    into, out = vae.quant_conv, vae.post_quant_conv
    out.bias += (out.weight[:, :, 0, 0] * mean).sum(1)
    out.weight /= factor[None, :, None, None]
    into.weight[:4] *= factor[:, None, None, None]  # the other four are log variances
    into.bias[:4] = (into.bias[:4] - mean) * factor
    into.bias[4:] += 2 * factor.log()
