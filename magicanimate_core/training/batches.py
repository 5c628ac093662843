"""Batches of a stage: which items, which frames, which noise. Functions of (seed, step, part, process)."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..data import BadItem, Source
from ..media.densepose import nearest_parts
from .animation import VIDEO, draw_timesteps
from .draws import Joint, generator, pick_frames, pick_reference
from .from_nothing.guide import EVERY

ATTEMPTS = 100  # so many items in a row may be bad before training gives up


@dataclass(frozen=True)
class Drawing:
    """How batches are drawn. The config file explains each (training/config.yaml)."""

    batch: int = 1
    frames: int = 16
    targets: int = 1
    stride: tuple[int, int] = (1, 4)
    image_batch: int = 4
    drop_reference: float = 0.1
    rollout: float = 0.0
    shift: float = 1.0


class Batches:
    """Draws for one stage from a set of clips and a set of pictures, both already latents or still pixels.

    `skipped` counts the items that could not be read, by name and reason.
    """

    def __init__(self, stage: str, clips: Source, images: Source | None, drawing: Drawing, joint: Joint, seed: int):
        self.video = stage in VIDEO
        if images is None and (joint.tau_1 if self.video else joint.tau_0) > 0:
            raise ValueError("Joint training needs an image set: give data.images, or set tau_0 and tau_1 to 0.")
        self.clips, self.images = clips, images
        self.drawing, self.joint, self.seed = drawing, joint, seed
        self.skipped: Counter[str] = Counter()

    def __call__(self, step: int, part: int, rank: int) -> dict[str, Tensor]:
        """One kind of Eq. 7 for the whole batch, so that it is one tensor."""
        rng = generator(self.seed, step, part, rank)
        kind = self.joint.kind(2 if self.video else 1, float(rng.random()))
        frames = self.frames(kind)
        count = self.count(kind)
        items = [self.item(rng, kind, frames) for _ in range(count)]
        targets, references, poses, reference_poses = (np.stack(column) for column in zip(*items, strict=True))
        name = "latents" if targets.dtype != np.uint8 else "pixels"
        latent = targets.shape[2:] if name == "latents" else (4, *(side // 8 for side in targets.shape[2:4]))
        return {
            name: torch.from_numpy(targets),  # (R, F, 4, h, w), or (R, F, H, W, 3) uint8
            f"reference_{name}": torch.from_numpy(references),  # (R, 4, h, w), or (R, H, W, 3) uint8
            "poses": torch.from_numpy(poses),  # (R, F, H, W, 3) uint8
            "parts": coarse_parts(poses),  # (R, F, H / 4, W / 4) uint8
            "reference_parts": coarse_parts(reference_poses),  # (R, H / 4, W / 4) uint8
            "timesteps": draw_timesteps(rng, count, self.drawing.shift),
            "noise": torch.from_numpy(rng.standard_normal((count, frames, *latent), np.float32)),
            "with_reference": torch.from_numpy(rng.random(count) >= self.drawing.drop_reference),
            "rollout": torch.full((count,), rng.random() < self.drawing.rollout),  # all or none: one more run of the nets
        }

    def count(self, kind: str) -> int:
        """References in a batch: so many that batches of single frames are not smaller than the others."""
        if self.video:
            return self.drawing.batch if kind == "clip" else self.drawing.image_batch
        return self.drawing.batch * self.drawing.targets if kind == "image" else self.drawing.batch

    def frames(self, kind: str) -> int:
        """Target frames per reference."""
        if kind == "image":
            return 1
        if kind == "clip":
            return self.drawing.frames
        return 1 if self.video else self.drawing.targets

    def item(self, rng: np.random.Generator, kind: str, frames: int):
        """(targets, reference, poses, reference's pose) of a readable item; bad ones are counted and drawn again."""
        source = self.images if kind == "image" else self.clips
        for _ in range(ATTEMPTS):
            index = int(rng.integers(0, len(source)))
            try:
                return self._read(rng, source, index, kind, frames)
            except BadItem as error:
                self.skipped[str(error)] += 1
        raise ValueError(f"{ATTEMPTS} items in a row could not be used; the last: {max(self.skipped)}.")

    def _read(self, rng: np.random.Generator, source: Source, index: int, kind: str, frames: int):
        if kind == "image":  # the pose is estimated from the picture itself: reconstruction
            sample = source.read(index, [0])
            return sample.images, sample.images[0], sample.poses, sample.poses[0]
        length = source.length(index)
        if kind == "clip":
            targets = pick_frames(rng, length, frames, self.drawing.stride)
            if targets is None:
                raise BadItem(source.name(index), f"has {length} frames, too few for {frames} at the least stride")
        else:
            targets = sorted(rng.choice(length, min(frames, length), replace=length < frames).tolist())
        sample = source.read(index, [*targets, pick_reference(rng, length, targets)])
        return sample.images[:-1], sample.images[-1], sample.poses[:-1], sample.poses[-1]


def coarse_parts(poses: np.ndarray) -> Tensor:
    """Body parts of every fourth pixel of DensePose pictures (..., H, W, 3): (..., H / 4, W / 4) uint8."""
    return torch.from_numpy(nearest_parts(poses[..., ::EVERY, ::EVERY, :])[0])
