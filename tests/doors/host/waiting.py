"""Scenes of tests.doors.host.test_waiting: one step of a clip of so many frames, in windows of 4 that share 2."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from pack.tests.doors.host.pieces import composed, custom, host, sampled, windowed
from pack.tests.host.small import Small, random_poses
from torch import Tensor

Scene = Callable[[Small, int], Tensor]

SHARED = {"context_length": 4, "context_overlap": 2}


def animated(**options: Any) -> Scene:
    """The Animate node."""
    return lambda small, frames: small.animate(frames, **{**SHARED, "steps": 1, **options})


def with_positive(positive: Callable[[list], list]) -> Scene:
    """The graph of parts, under a positive conditioning that is made of the small one."""

    def scene(small: Small, frames: int) -> Tensor:
        return composed(small, windowed(small, small.temporal(), **SHARED), positive(small.text[0]), frames)

    return scene


def in_turns(positive: list) -> list:
    """Prompts that come and go."""
    other = [[text + 1, dict(options)] for text, options in positive]
    early = host("nodes", "ConditioningSetTimestepRange", positive, 0.0, 0.5)
    return early + host("nodes", "ConditioningSetTimestepRange", other, 0.5, 1.0)


def in_an_area(positive: list) -> list:
    other = [[text + 1, dict(options)] for text, options in positive]
    return positive + host("nodes", "ConditioningSetArea", other, width=32, height=48, x=16, y=8, strength=0.8)


def two_poses(small: Small, frames: int) -> Tensor:
    """Two pose videos in a row, the first of another size and only for a part of the steps."""
    model = windowed(small, small.temporal(), **SHARED)
    texts = small.text
    for video, end in ((random_poses(frames, 72, 88, 4), 0.6), (small.poses(frames), 1.0)):
        control = {"control_net": small.control_net, "pose_video": video, "end_percent": end}
        texts = small.run("MagicAnimateApplyPose", positive=texts[0], negative=texts[1], **control)
    guider = custom("CFGGuider", model, *texts, 7.5)
    return sampled(small, guider, steps=1, latent={"samples": torch.zeros(frames, 4, 8, 8)})


def pose_of_the_positive(small: Small, frames: int) -> Tensor:
    """A second pose video that the negative prompt does not have, so that the host runs the halves apart."""
    video = {"control_net": small.control_net, "pose_video": small.poses(frames, 9)}
    positive = small.run("MagicAnimateApplyPose", positive=small.text[0], negative=small.text[1], **video)[0]
    return composed(small, windowed(small, small.temporal(), **SHARED), positive, frames)


def halves_apart(scene: Scene) -> Scene:
    """With so little memory that the host runs both halves of a window one after the other."""

    def apart(small: Small, frames: int) -> Tensor:
        import comfy.model_base

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1e30)
            return scene(small, frames)

    return apart
