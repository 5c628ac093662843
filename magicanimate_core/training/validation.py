"""Validation clips: what the model in training makes of clips that it does not train on, beside the truth."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data import BadItem, Sample, Source
from ..media.writing import video_writer
from ..options import Settings
from ..pipeline.animate import animate
from ..pipeline.models import Models
from ..pipeline.nets import Nets
from ..pipeline.prompts import EmptyPrompt
from .animation import Animation
from .config import Validation
from .run.processes import processes

if TYPE_CHECKING:
    from diffusers import AutoencoderKL


def first_frames(source: Source, item: int, count: int) -> Sample:
    """Reads the first frames of a clip, at most `count`. Raises BadItem."""
    return source.read(item, range(min(count, source.length(item))))


def usable(source: Source, count: int, frames: int) -> tuple[list[int], list[str]]:
    """Returns the first `count` clips whose frames can be read, and what is wrong with those before them."""
    items, bad = [], []
    for item in range(len(source)):
        if len(items) == count:
            break
        try:
            first_frames(source, item, frames)
            items.append(item)
        except BadItem as error:
            bad.append(str(error))
    return items, bad


class Samples:
    """Animates the first frame of each clip along its own poses: (step, folder) -> mean L1 to the true frames (0..255)."""

    def __init__(self, module: Animation, vae: "AutoencoderKL", source: Source, settings: Validation, seed: int) -> None:
        """Looks for the first clips that can be read, and says which cannot. Raises ValueError where none can."""
        self.module, self.vae, self.source, self.settings, self.seed = module, vae, source, settings, seed
        self.items, bad = usable(source, settings.items, settings.frames)
        if processes().is_main_process:
            for reason in bad:
                print(f"left out of validation: {reason}")
        if not self.items:
            raise ValueError(f"No clip of validation.clips can be used: {' '.join(bad[:3]) or 'there is none.'}")

    def __call__(self, step: int, folder: Path) -> dict[str, float]:
        """Writes a video of every clip to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        distances = [self.write(item, folder) for item in self.items]
        return {"validation_l1": float(np.mean(distances))}

    def write(self, item: int, folder: Path) -> float:
        """Animates a clip and writes it; returns its mean L1 to the true frames."""
        images, poses = first_frames(self.source, item, self.settings.frames)
        made = animate(self.models(), images[0], poses, self.options())
        fps = Fraction(self.source.fps(item) or 25).limit_denominator(1001)
        with video_writer(folder / f"{self.file_name(item)}.mp4", fps, 4 * images.shape[2], images.shape[1]) as write:
            for true, pose, frame in zip(images, poses, made, strict=True):
                write(np.hstack([images[0], pose, frame, true]))  # reference | pose | result | truth
        return float(np.abs(made.astype(float) - images).mean())

    def file_name(self, item: int) -> str:
        """Names a clip's file: keys of shards may hold folders, and two shards the same key."""
        names = [self.source.name(other).replace("/", "-") for other in self.items]
        name = self.source.name(item).replace("/", "-")
        return name if names.count(name) == 1 else f"{name}-{item:05d}"

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
        asked = {name: getattr(self.settings, name) for name in ("steps", "cfg", "scheduler")}
        return Settings(seed=self.seed, shared_noise=False, **asked, **window)
