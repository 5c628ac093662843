"""A small VAE from nothing, for a model that is trained from nothing. Fine-tuning has Stable Diffusion's."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

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
from ..sections import Section, at_least, between, each, multiple_of, setting

LEVELS = 4  # of the VAE: each but the first halves the picture


@dataclass(frozen=True, kw_only=True)
class VaeSettings(Section):
    """Shape and training of the VAE."""

    name: ClassVar[str] = "vae"
    caption: ClassVar[str] = "stage vae: a small VAE from nothing. Stage decoder takes its edges, and drawing as in stage 2"

    widths: tuple[int, ...] = setting((32, 32, 64, 64), "channels of each level", each(at_least(1), LEVELS))
    layers: int = setting(1, rule=at_least(1))
    # one channel a group would lose the picture's mean colours
    groups: int = setting(8, "of its norms", at_least(1))
    batch: int = setting(16, rule=at_least(1))
    # it is convolutional, so crops teach as much as whole pictures
    crop: int = setting(64, "pixels", multiple_of(8))
    crops: int = setting(1, "of each picture, where pictures are slow to come by", at_least(1))
    person: float = setting(0.0, "share of crops that lie on a person", between(0, 1))
    edges: float = setting(0.5, "weight of the edges in the loss", at_least(0))
    kl: float = setting(1e-4, "weight of the pull to a unit normal", at_least(0))
    colours: float = setting(0.5, "weight that keeps the first three channels close to the picture itself", at_least(0))

    def __post_init__(self) -> None:
        """Raises ValueError for values that cannot be used, alone or together."""
        super().__post_init__()
        if any(width % self.groups for width in self.widths):
            raise ValueError(f"vae.widths is {list(self.widths)}; expected multiples of vae.groups, which is {self.groups}.")


class Crops(NamedTuple):
    """A batch of the VAE's."""

    pixels: Tensor  # (B, 3, S, S) in [-1, 1]
    noise: Tensor  # (B, 4, S / 8, S / 8)


def build_vae(settings: VaeSettings) -> nn.Module:
    """Builds a new AutoencoderKL of diffusers': four channels, eight times smaller than the picture."""
    from diffusers import AutoencoderKL

    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * LEVELS, up_block_types=("UpDecoderBlock2D",) * LEVELS,
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

    def __init__(self, vae: nn.Module, settings: VaeSettings) -> None:
        super().__init__()
        self.vae, self.settings = vae, settings

    def forward(self, batch: Crops) -> Tensor:
        """Returns the loss, a scalar."""
        pixels = batch.pixels
        latents = self.vae.encode(pixels).latent_dist
        mean, std = latents.mean.float(), latents.std.float()
        made = self.vae.decode((mean + std * batch.noise).to(latents.mean.dtype)).sample.float()
        kl = 0.5 * (mean**2 + std**2 - 1 - 2 * std.log()).mean()
        colours = F.mse_loss(mean[:, :3], 2 * F.avg_pool2d(pixels, 8))
        picture = F.l1_loss(made, pixels) + F.mse_loss(made, pixels) + self.settings.edges * edge_loss(made, pixels)
        return picture + self.settings.colours * colours + self.settings.kl * kl


def edge_loss(made: Tensor, true: Tensor) -> Tensor:
    """Returns the mean L1 distance of the differences between neighbouring pixels of two (B, C, H, W), a scalar.

    L1 of colours alone forgives blur.
    """
    across, down = made.diff(dim=-1) - true.diff(dim=-1), made.diff(dim=-2) - true.diff(dim=-2)
    return across.abs().mean() + down.abs().mean()


class VaeTask:
    """Trains a VAE on pictures(generator, count), count pictures with their poses, which counts in `skipped` what is bad."""

    def __init__(
        self,
        vae: nn.Module,
        settings: VaeSettings,
        pictures: Callable[[np.random.Generator, int], Sample],
        seed: int,
        skipped: Counter[str] | None = None,
    ) -> None:
        self.settings, self.pictures, self.seed = settings, pictures, seed
        self.skipped = Counter() if skipped is None else skipped
        self.module = VaeLoss(vae, settings)

    def batch(self, step: int, part: int, rank: int) -> Crops:
        """Draws the crops of a step, a function of its arguments only."""
        rng, size = generator(self.seed, step, part, rank), self.settings.crop
        drawn = self.pictures(rng, -(-self.settings.batch // self.settings.crops))
        crops = [
            crop(image, pose if rng.random() < self.settings.person else None, size, rng)
            for image, pose in zip(drawn.images, drawn.poses, strict=True)
            for _ in range(self.settings.crops)
        ]
        pixels = from_pixels(torch.from_numpy(np.stack(crops)))  # (B, 3, S, S)
        noise = rng.standard_normal((len(crops), 4, size // 8, size // 8), np.float32)
        return Crops(pixels, torch.from_numpy(noise))

    def prepare(self, batch: Crops) -> Crops:
        """Returns the batch: it is ready as it was drawn."""
        return batch

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        """Writes true above decoded pictures as a PNG; returns their mean L1 distance (0..1)."""
        images = self.pictures(generator(self.seed, 2**31 - 1), 8).images
        pixels = from_pixels(torch.from_numpy(images))
        made = decode(self.module.vae, encode(self.module.vae, pixels))
        true = pixels / 2 + 0.5
        folder.mkdir(parents=True, exist_ok=True)
        rows = torch.cat([torch.cat([*true], -1), torch.cat([*made.cpu()], -1)], -2)  # (3, 2 H, 8 W)
        write_picture(folder / "vae.png", to_pixels(rows[None])[0])
        return {"vae_l1": float((made - true.to(made)).abs().mean())}


def crop(image: np.ndarray, pose: np.ndarray | None, size: int, rng: np.random.Generator) -> np.ndarray:
    """Cuts a square (S, S, 3) from an image (H, W, 3): around a place of the body where `pose` (H, W, 3) is given."""
    body = np.flatnonzero((pose != BACKGROUND).any(-1)) if pose is not None else ()
    top, left = (int(rng.integers(0, side - size + 1)) for side in image.shape[:2])
    if len(body):
        centre = divmod(int(rng.choice(body)), image.shape[1])
        top, left = (min(max(at - size // 2, 0), side - size) for at, side in zip(centre, image.shape, strict=False))
    return image[top : top + size, left : left + size]


@torch.no_grad()
def normalise(vae: nn.Module, latents: Tensor) -> None:
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
