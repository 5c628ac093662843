"""Validation clips: what the model in training makes of clips that it does not train on, beside the truth."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data import Source
from ..media.writing import video_writer
from ..options import Settings
from ..pipeline.denoise import Conditions, denoise, initial_noise
from ..pipeline.models import Models
from .animation import Animation
from .config import Validation
from .from_nothing.vae import decode
from .task import encode_frames


class Samples:
    """Animates the first frame of each clip along its own poses: (step, folder) -> mean L1 to the true frames (0..255)."""

    def __init__(self, module: Animation, vae, source: Source, settings: Validation, seed: int):
        self.module, self.vae, self.source, self.settings, self.seed = module, vae, source, settings, seed

    def __call__(self, step: int, folder: Path) -> dict[str, float]:
        folder.mkdir(parents=True, exist_ok=True)
        distances = [self.animate(item, folder) for item in range(min(self.settings.items, len(self.source)))]
        return {"validation_l1": float(np.mean(distances))}

    def animate(self, item: int, folder: Path) -> float:
        count = min(self.settings.frames, self.source.length(item))
        images, poses = self.source.read(item, range(count))
        made = to_pixels(decode_frames(self.vae, self.latents(images[0], poses)))
        fps = Fraction(self.source.fps(item) or 25).limit_denominator(1001)
        with video_writer(folder / f"{self.source.name(item)}.mp4", fps, 4 * images.shape[2], images.shape[1]) as write:
            for true, pose, frame in zip(images, poses, made, strict=True):
                write(np.hstack([images[0], pose, frame, true]))  # reference | pose | result | truth
        return float(np.abs(made.astype(float) - images).mean())

    def latents(self, reference: np.ndarray, poses: np.ndarray) -> Tensor:
        """Final latents (F, 4, h, w) for a reference (H, W, 3) and poses (F, H, W, 3), both uint8."""
        device = self.module.text.device
        parts = (self.module.temporal, self.module.encoder, self.module.controlnet, self.vae, self.module)
        models = Models(*parts, prediction=self.module.prediction)
        hints = torch.from_numpy(poses).movedim(-1, 1).float() / 255
        conditions = Conditions(
            encode_frames(self.vae, torch.from_numpy(reference)[None].to(device)),
            self.module.text,
            self.module.text,
            lambda frames: hints[frames],
            len(hints),
        )
        # without temporal layers every frame is a window of its own, as it was trained
        window = {} if self.module.temporal.motion is not None else {"context_length": 1, "context_overlap": 0}
        settings = Settings(seed=self.seed, steps=self.settings.steps, cfg=self.settings.cfg, shared_noise=False, **window)
        noise = initial_noise(settings, len(hints), *(side // 8 for side in hints.shape[2:]))
        for latents in denoise(models, conditions, noise, settings):  # noqa: B007 - the last step's
            pass
        return latents[: len(hints)]


def decode_frames(vae, latents: Tensor, chunk: int = 8) -> Tensor:
    """(F, 4, h, w) -> (F, 3, H, W) in [0, 1], a few at a time."""
    return torch.cat([decode(vae, part).float().cpu() for part in latents.split(chunk)])


def to_pixels(images: Tensor) -> np.ndarray:
    """(F, 3, H, W) in [0, 1] -> (F, H, W, 3) uint8."""
    return (images.movedim(1, -1) * 255).round().byte().numpy()
