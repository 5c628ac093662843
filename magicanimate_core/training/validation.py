"""Validation clips: what the model in training makes of clips that it does not train on, beside the truth."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data import Source
from ..media.writing import video_writer
from ..options import Settings
from ..pipeline.animate import animate
from ..pipeline.models import Models
from ..pipeline.nets import Nets
from ..pipeline.prompts import EmptyPrompt
from .animation import Animation
from .config import Validation

if TYPE_CHECKING:
    from diffusers import AutoencoderKL


class Samples:
    """Animates the first frame of each clip along its own poses: (step, folder) -> mean L1 to the true frames (0..255)."""

    def __init__(self, module: Animation, vae: "AutoencoderKL", source: Source, settings: Validation, seed: int) -> None:
        self.module, self.vae, self.source, self.settings, self.seed = module, vae, source, settings, seed

    def __call__(self, step: int, folder: Path) -> dict[str, float]:
        """Writes a video of every clip to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        distances = [self.write(item, folder) for item in range(min(self.settings.items, len(self.source)))]
        return {"validation_l1": float(np.mean(distances))}

    def write(self, item: int, folder: Path) -> float:
        """Animates a clip and writes it; returns its mean L1 to the true frames."""
        count = min(self.settings.frames, self.source.length(item))
        images, poses = self.source.read(item, range(count))
        made = animate(self.models(), images[0], poses, self.options())
        fps = Fraction(self.source.fps(item) or 25).limit_denominator(1001)
        with video_writer(folder / f"{self.source.name(item)}.mp4", fps, 4 * images.shape[2], images.shape[1]) as write:
            for true, pose, frame in zip(images, poses, made, strict=True):
                write(np.hstack([images[0], pose, frame, true]))  # reference | pose | result | truth
        return float(np.abs(made.astype(float) - images).mean())

    def models(self) -> Models:
        """Gathers the nets in training with what stands around them."""
        nets = Nets(
            unet=self.module.temporal,
            encoder=self.module.encoder,
            controlnet=self.module.controlnet,
            prediction=self.module.prediction,
        )
        return Models(nets=nets, vae=self.vae, text_encoder=EmptyPrompt(self.module.text))

    def options(self) -> Settings:
        """Gives the options of a validation clip."""
        # without temporal layers every frame is a window of its own, as it was trained
        window = {} if self.module.temporal.motion is not None else {"context_length": 1, "context_overlap": 0}
        return Settings(seed=self.seed, steps=self.settings.steps, cfg=self.settings.cfg, shared_noise=False, **window)
