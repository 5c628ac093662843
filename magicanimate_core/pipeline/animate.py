"""An animation from pixels to pixels, for clips that fit into memory. Long ones: command/jobs.py streams the same steps."""

import numpy as np
import torch
from torch import Tensor

from ..options import Settings
from .conditions import Conditions, PoseImages, Poses
from .denoise import denoise, initial_noise, last
from .latents import decode_frames, encode_frames
from .models import Models, encode_prompt
from .nets import Nets


def animate(models: Models, reference: np.ndarray | None, poses: np.ndarray, settings: Settings) -> np.ndarray:
    """Animates a reference image (H, W, 3) along DensePose frames (F, H, W, 3): frames (F, H, W, 3); all are uint8.

    Without a reference the appearance encoder has no say, as in the paper's Table 2. Prompts are empty.
    """
    latent = None if reference is None else encode_frames(models.vae, torch.from_numpy(reference)[None])
    images = PoseImages(torch.from_numpy(poses).movedim(-1, 1).float() / 255)  # (F, 3, H, W)
    latents = sample_clip(models.nets, clip_conditions(models, latent, images), settings)
    return decode_frames(models.vae, latents)


def clip_conditions(
    models: Models, reference: Tensor | None, poses: Poses, *, prompt: str = "", negative: str = ""
) -> Conditions:
    """Gathers what steers a clip. reference: latent (1, 4, h, w).

    Raises ValueError for a prompt where the models take no words.
    """
    return Conditions(
        reference=None if reference is None else reference.to(models.nets.device, models.nets.dtype),
        positive=encode_prompt(models, prompt),
        negative=encode_prompt(models, negative),
        poses=poses,
    )


def sample_clip(nets: Nets, conditions: Conditions, settings: Settings) -> Tensor:
    """Returns a clip's final latents (F, 4, h, w): from the seed's noise through all steps, without the padding."""
    frames, (height, width) = len(conditions.poses), conditions.poses([0]).shape[2:]
    noise = initial_noise(settings, frames, height // 8, width // 8)
    return last(denoise(nets, conditions, noise, settings), noise)[:frames]
