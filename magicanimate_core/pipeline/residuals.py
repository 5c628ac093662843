"""What the pose adds to the UNet (Eq. 3): the ControlNet's outputs, once for each frame of a step."""

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

from ..method.per_frame import PerFrame
from ..method.picking import cut_at, picked
from ..options import Settings
from .conditions import Conditions
from .nets import Nets


class PoseResiduals:
    """The ControlNet at one step, with the conditional text only; frames that windows share are computed once.

    Those of two overlaps wait on the device, for the next window and for the end of a ring; others off it.
    """

    def __init__(
        self,
        nets: Nets,
        conditions: Conditions,
        latents: Tensor,
        timestep: Tensor,
        settings: Settings,
        cuts: Collection[int],
    ) -> None:
        """latents: the clip's (F, 4, h, w), off the device. timestep: (). cuts: frames where a batch ends before."""
        self.nets, self.conditions, self.latents, self.timestep, self.cuts = nets, conditions, latents, timestep, cuts
        self.strength = settings.pose_strength
        self.frames = PerFrame(lambda rows: rows.cpu(), lambda rows: rows.to(nets.device), 2 * settings.context_overlap)

    def of(self, window: Sequence[int], needed_later: Mapping[int, int]) -> list[Tensor] | None:
        """Returns the residuals of a window, skips then middle, each (K, C, h', w'); None at strength 0."""
        return None if self.strength == 0 else self.frames.gather(window, needed_later, self.compute)

    def compute(self, frames: Sequence[int]) -> list[Tensor]:
        """Runs the ControlNet on some frames, in batches that are the same whichever windows are asked for."""
        outputs = [self.run(part) for part in cut_at(frames, self.cuts)]
        return outputs[0] if len(outputs) == 1 else [torch.cat(layers) for layers in zip(*outputs, strict=True)]

    def run(self, frames: Sequence[int]) -> list[Tensor]:
        """Runs the ControlNet on some frames at once; each output (n, C, h', w')."""
        device, dtype, poses = self.nets.device, self.nets.dtype, self.conditions.poses
        hints = poses([min(frame, len(poses) - 1) for frame in frames])  # the last pose stays for padded frames
        skips, middle = self.nets.controlnet(
            picked(self.latents, frames).to(device, dtype),
            self.timestep,
            encoder_hidden_states=self.conditions.positive.expand(len(frames), -1, -1),
            controlnet_cond=hints.to(device, dtype, non_blocking=hints.is_pinned()),
            conditioning_scale=self.strength,
            return_dict=False,
        )
        return [*skips, middle]
