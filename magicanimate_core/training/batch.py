"""What a step trains on: as it is drawn, and as the nets read it.

Letters: N reference images, F target frames of each, h w latents, H W pixels.
"""

from typing import NamedTuple

from torch import Tensor


class Drawn(NamedTuple):
    """A batch as loader processes give it."""

    targets: Tensor  # (N, F, H, W, 3) uint8, or their latents (N, F, 4, h, w)
    reference: Tensor  # (N, H, W, 3) uint8, or its latents (N, 4, h, w)
    encoded: bool  # whether targets and reference are latents already
    poses: Tensor  # (N, F, H, W, 3) uint8, DensePose in its colours
    parts: Tensor  # (N, F, H / 4, W / 4) uint8, the targets' body parts
    reference_parts: Tensor  # (N, H / 4, W / 4) uint8
    timesteps: Tensor  # (N,) int64
    noise: Tensor  # (N, F, 4, h, w) fp32
    with_reference: Tensor  # (N,) bool; False where the reference is dropped
    rollout: bool  # whether the noisy latents are to be the nets' own


class Batch(NamedTuple):
    """A batch on the device, for the nets and the loss."""

    latents: Tensor  # (N, F, 4, h, w), z_0 of the target frames
    reference: Tensor  # (N, 4, h, w)
    poses: Tensor  # (N, F, 3, H, W) in [0, 1]
    parts: Tensor  # (N, F, H / 4, W / 4) uint8
    reference_parts: Tensor  # (N, H / 4, W / 4) uint8
    timesteps: Tensor  # (N,) int64
    noise: Tensor  # (N, F, 4, h, w), eps
    with_reference: Tensor  # (N,) bool; False: predicted without reference, so that guidance has an unconditional half
    rollout: bool
