"""What the pose adds to the UNet (Eq. 3): the ControlNet's outputs, once for each frame of a step."""

import math
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from ..method.per_frame import PerFrame
from ..options import Settings
from .conditions import Conditions
from .nets import Nets


class PoseResiduals:
    """The ControlNet at one step, with the conditional text only; frames that windows share are computed once."""

    def __init__(self, nets: Nets, conditions: Conditions, latents: Tensor, timestep: Tensor, settings: Settings) -> None:
        """latents: the clip's (F, 4, h, w), off the device. timestep: ()."""
        self.nets, self.conditions, self.latents, self.timestep = nets, conditions, latents, timestep
        self.strength = settings.pose_strength
        # Batches of the same frames whichever process computes them: a matrix product's last bits depend on its size.
        self.group = math.gcd(settings.context_length, settings.context_length - settings.context_overlap, latents.shape[0])
        self.frames = PerFrame(park=lambda r: r.to("cpu", copy=True), fetch=lambda r: r.to(nets.device))

    def of(self, window: Sequence[int], needed_later: Collection[int]) -> list[Tensor] | None:
        """Returns the residuals of a window, skips then middle, each (K, C, h', w'); None at strength 0."""
        return None if self.strength == 0 else self.frames.gather(window, needed_later, self.compute)

    def compute(self, frames: Sequence[int]) -> list[Tensor]:
        """Runs the ControlNet on some frames, a group at a time; each output (n, C, h', w')."""
        groups = dict.fromkeys(frame // self.group for frame in frames)
        outputs = [self.run([frame for frame in frames if frame // self.group == group]) for group in groups]
        return [torch.cat(layers) for layers in zip(*outputs, strict=True)]

    def run(self, frames: Sequence[int]) -> list[Tensor]:
        """Runs the ControlNet on some frames at once; each output (n, C, h', w')."""
        device, dtype, poses = self.nets.device, self.nets.dtype, self.conditions.poses
        hints = poses([min(frame, len(poses) - 1) for frame in frames])  # the last pose stays for padded frames
        skips, middle = self.nets.controlnet(
            self.latents[list(frames)].to(device, dtype),
            self.timestep,
            encoder_hidden_states=self.conditions.positive.expand(len(frames), -1, -1),
            controlnet_cond=hints.to(device, dtype),
            conditioning_scale=self.strength,
            return_dict=False,
        )
        return [*skips, middle]
