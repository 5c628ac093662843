"""Batches of a stage: which items, which frames, which noise. Functions of (seed, step, part, process)."""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from ..data import BadItem, Sample, Source
from ..data.latents import Encoded
from ..method.motion_module import MotionLayout
from .batch import Drawn
from .draws import Joint, draw_frames, draw_reference, draw_timesteps, generator
from .from_nothing.person import coarse_parts
from .sections import Section, above, at_least, between, each, setting
from .skipping import read_any


@dataclass(frozen=True, kw_only=True)
class Drawing(Section):
    """How batches are drawn."""

    name: ClassVar[str] = "drawing"

    batch: int = setting(1, "references in a batch, on each process", at_least(1))
    frames: int = setting(
        16,
        "K: frames of a clip in stage 2 (at most 24)",
        between(2, MotionLayout.max_length, ", as far as the temporal layers' positions go"),
    )
    stride: tuple[int, ...] = setting(
        (1, 4), "sampling rate: every so many frames of a clip, drawn between the two", each(at_least(1), 2)
    )
    targets: int = setting(1, "stage 1: target frames for each reference. More share one pass of the encoder", at_least(1))
    image_batch: int = setting(4, "stage 2: pictures, or single frames, in a batch", at_least(1))
    shift: float = setting(
        1.0,
        "above 1: more timesteps of high noise, where only the conditions tell what to draw\n"
        "(Esser et al., 2024); 8 draws half of them above 890",
        above(0),
    )
    drop_reference: float = setting(
        0.1, "share of samples without reference, so that guidance (cfg) has an unconditional half", between(0, 1)
    )
    rollout: float = setting(
        0.0,
        "share of batches whose noisy latents are the nets' own first step from noise, mistakes and\n"
        "flicker included, as they meet them when they sample. Such a batch costs half as much again",
        between(0, 1),
    )

    def __post_init__(self) -> None:
        """Raises ValueError for values that cannot be used, alone or together."""
        super().__post_init__()
        if self.stride[0] > self.stride[1]:
            raise ValueError(f"drawing.stride is {list(self.stride)}; expected the least and the most, for example [1, 4].")


class Batches:
    """Draws from a set of clips and a set of pictures, both already latents or still pixels; `temporal`: also whole clips.

    `skipped` counts the items that could not be read, by name and reason.
    """

    def __init__(
        self, clips: Source, images: Source | None, drawing: Drawing, joint: Joint, *, temporal: bool, seed: int
    ) -> None:
        """Raises ValueError where there are no pictures that `joint` asks for."""
        if images is None and joint.needs_images(temporal):
            raise ValueError("Joint training needs an image set: give data.images, or set joint.enabled to false.")
        self.clips, self.images = clips, images
        self.drawing, self.joint, self.temporal, self.seed = drawing, joint, temporal, seed
        self.skipped: Counter[str] = Counter()

    def __call__(self, step: int, part: int, rank: int) -> Drawn:
        """Draws one kind of Eq. 7 for the whole batch, so that it is one tensor."""
        rng = generator(self.seed, step, part, rank)
        kind = self.joint.kind(self.temporal, float(rng.random()))
        frames, count = self.frames(kind), self.count(kind)
        items = [self.item(rng, kind, frames) for _ in range(count)]
        pictures, poses = zip(*items, strict=True)  # the reference is the last of each
        targets = np.stack([of_item[:frames] for of_item in pictures])
        target_poses = np.stack([of_item[:frames] for of_item in poses])
        encoded = isinstance(items[0], Encoded)
        latent = targets.shape[2:] if encoded else (4, *(side // 8 for side in targets.shape[2:4]))
        return Drawn(
            targets=torch.from_numpy(targets),
            reference=torch.from_numpy(np.stack([of_item[-1] for of_item in pictures])),
            encoded=encoded,
            poses=torch.from_numpy(target_poses),
            parts=coarse_parts(target_poses),
            reference_parts=coarse_parts(np.stack([of_item[-1] for of_item in poses])),
            timesteps=draw_timesteps(rng, count, self.drawing.shift),
            noise=torch.from_numpy(rng.standard_normal((count, frames, *latent), np.float32)),
            with_reference=torch.from_numpy(rng.random(count) >= self.drawing.drop_reference),
            rollout=bool(rng.random() < self.drawing.rollout),  # all or none: one more run of the nets
        )

    def count(self, kind: str) -> int:
        """Returns the references in a batch: so many that batches of single frames are not smaller than the others."""
        if self.temporal:
            return self.drawing.batch if kind == "clip" else self.drawing.image_batch
        return self.drawing.batch * self.drawing.targets if kind == "image" else self.drawing.batch

    def frames(self, kind: str) -> int:
        """Returns the target frames of each reference."""
        if kind == "image":
            return 1
        if kind == "clip":
            return self.drawing.frames
        return 1 if self.temporal else self.drawing.targets

    def item(self, rng: np.random.Generator, kind: str, frames: int) -> Sample | Encoded:
        """Reads a random item: its targets, then its reference, which for "image" is the target itself.

        Bad items are counted and drawn again. Raises ValueError when there are no others.
        """
        source = self.images if kind == "image" else self.clips

        def read(index: int) -> Sample | Encoded:
            return source.read(index, [0] if kind == "image" else self.chosen(rng, source, index, kind, frames))

        return read_any(rng, source, read, self.skipped)

    def chosen(self, rng: np.random.Generator, source: Source, index: int, kind: str, frames: int) -> list[int]:
        """Draws target frames of a clip, and another frame as reference. Raises BadItem for a clip that is too short."""
        length = source.length(index)
        if kind == "clip":
            targets = draw_frames(rng, length, frames, self.drawing.stride)
            if targets is None:
                raise BadItem(source.name(index), f"has {length} frames, too few for {frames} at the least stride.")
        else:
            targets = sorted(rng.choice(length, frames, replace=length < frames).tolist())
        return [*targets, draw_reference(rng, length, targets)]
