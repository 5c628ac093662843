"""An animation from pixels to pixels, for clips that fit into memory. Long ones: command/jobs.py streams the same steps."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..options import Settings
from .conditions import Conditions, PoseImages, Poses
from .denoise import denoise, initial_noise, last
from .image_prompt import ImagePrompt
from .latents import decode_frames, encode_frames
from .models import Models, encode_prompt
from .nets import Nets


def animate(models: Models, reference: np.ndarray | None, poses: np.ndarray, settings: Settings) -> np.ndarray:
    """Animates a reference image (H, W, 3) along DensePose frames (F, H, W, 3): frames (F, H, W, 3); all are uint8.

    Without a reference the appearance encoder has no say, as in the paper's Table 2. Prompts are empty.
    """
    seen = reference is not None and models.nets.encoder is not None
    latent = None if not seen else encode_frames(models.vae, torch.from_numpy(reference)[None])
    photo = None if reference is None else torch.from_numpy(reference)[None].movedim(-1, 1).float() / 255  # (1, 3, H, W)
    images = PoseImages(torch.from_numpy(poses).movedim(-1, 1).float() / 255)  # (F, 3, H, W)
    latents = sample_clip(models.nets, clip_conditions(models, latent, images, photo=photo), settings)
    return decode_frames(models.vae, latents)


def clip_conditions(
    models: Models, reference: Tensor | None, poses: Poses, *, prompt: str = "", negative: str = "",
    photo: Tensor | None = None,
) -> Conditions:  # fmt: skip
    """Gathers what steers a clip. reference: latent (1, 4, h, w).

    photo: (1, 3, H, W) in [0, 1], for models that see it by CLIP.
    Raises ValueError for a prompt where the models take no words, and for no photo where they need one.
    """
    conditions = Conditions(
        reference=None if reference is None else reference.to(models.nets.device, models.nets.dtype),
        positive=encode_prompt(models, prompt),
        negative=encode_prompt(models, negative),
        poses=poses,
    )
    return conditions if models.image is None else _seen(models.image, conditions, photo)


def _seen(image: ImagePrompt, conditions: Conditions, photo: Tensor | None) -> Conditions:
    """Conditions with a photo (1, 3, H, W), seen by CLIP. Raises ValueError for none."""
    if photo is None:
        raise ValueError("These models see the photo by CLIP; expected a reference image.")
    if image.adapter is not None:
        return replace(conditions, image=image.embeddings(photo))
    return replace(conditions, tokens=image.tokens(photo))


def sample_clip(nets: Nets, conditions: Conditions, settings: Settings) -> Tensor:
    """Returns a clip's final latents (F, 4, h, w): from the seed's noise through all steps, without the padding."""
    frames, (height, width) = len(conditions.poses), conditions.poses([0]).shape[2:]
    noise = initial_noise(settings, frames, height // 8, width // 8)
    return last(denoise(nets, conditions, noise, settings), noise)[:frames]
