"""Pictures to latents and back, through diffusers' AutoencoderKL. Latents are scaled to unit variance."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..media.images import MULTIPLE
from ..weights.architecture import LATENT_SCALE

if TYPE_CHECKING:
    from diffusers import AutoencoderKL

# Frames that go through the VAE at once, and pixels, for larger frames: at 512 x 512 in 16 bits about 3 GiB of a device
VAE_BATCH, VAE_PIXELS = 8, 8 * 512 * 512


def from_pixels(images: Tensor) -> Tensor:
    """Brings pictures (B, H, W, 3) uint8 into the VAE's form, (B, 3, H, W) in [-1, 1]."""
    return images.movedim(-1, 1).float() / 127.5 - 1


def to_pixels(images: Tensor) -> np.ndarray:
    """Brings pictures (B, 3, H, W) in [0, 1] into the form of files, (B, H, W, 3) uint8."""
    return (images.float().cpu().movedim(1, -1) * 255).round().byte().numpy()


@torch.no_grad()
def encode(vae: "AutoencoderKL", images: Tensor) -> Tensor:
    """Returns the means of pictures (B, 3, H, W) in [-1, 1], scaled, (B, 4, h, w)."""
    return vae.encode(images.to(vae.device, vae.dtype)).latent_dist.mean * LATENT_SCALE


@torch.no_grad()
def decode(vae: "AutoencoderKL", latents: Tensor) -> Tensor:
    """Returns the pictures of scaled latents (B, 4, h, w), (B, 3, H, W) in [0, 1]. Raises ValueError where they are none."""
    made = vae.decode(latents.to(vae.device, vae.dtype) / LATENT_SCALE).sample
    if not torch.isfinite(made).all():  # would be black
        raise ValueError(
            f"The VAE gives values that are no numbers: {vae.dtype} does not hold them, take fp32 or bf16; "
            "or its file is damaged."
        )
    return (made / 2 + 0.5).clamp(0, 1)


def encode_photo(vae: "AutoencoderKL", photo: Tensor) -> Tensor:
    """Returns the mean of a reference image (1, 3, H, W) in [0, 1], scaled, (1, 4, h, w)."""
    return encode(vae, photo * 2 - 1)


def vae_batch(height: int, width: int) -> int:
    """Returns how many frames of that many pixels go through the VAE at once, at least one."""
    return max(1, min(VAE_BATCH, VAE_PIXELS // (height * width)))


def encode_frames(vae: "AutoencoderKL", frames: Tensor) -> Tensor:
    """Returns the means of frames (F, H, W, 3) uint8, scaled, (F, 4, h, w) fp32."""
    parts = frames.split(vae_batch(*frames.shape[1:3]))
    return torch.cat([encode(vae, from_pixels(part)).float() for part in parts])


def decode_frames(vae: "AutoencoderKL", latents: Tensor) -> np.ndarray:
    """Returns the frames of scaled latents (F, 4, h, w), (F, H, W, 3) uint8."""
    parts = latents.split(vae_batch(*(MULTIPLE * side for side in latents.shape[2:])))
    return np.concatenate([to_pixels(decode(vae, part)) for part in parts])
