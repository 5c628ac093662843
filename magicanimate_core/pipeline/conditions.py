"""What steers a clip: the reference image, the text, the poses."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class Poses(Protocol):
    """The DensePose images of a clip, by frame."""

    def __len__(self) -> int: ...

    def __call__(self, frames: list[int]) -> Tensor:
        """Returns the images of some frames, (len(frames), 3, H, W), RGB in [0, 1]."""


class PoseImages:
    """Poses that lie in memory, (F, 3, H, W), RGB in [0, 1]."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __call__(self, frames: list[int]) -> Tensor:
        """Returns the images of some frames, (len(frames), 3, H, W)."""
        return self.images[frames]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Everything that steers a clip. Tensors are on the nets' device and in their dtype."""

    reference: Tensor | None  # the VAE's mean of the reference image, scaled, (1, 4, h, w); None: no appearance encoder
    positive: Tensor  # text tokens (1, L, D)
    negative: Tensor  # (1, L, D)
    poses: Poses  # padded frames repeat the last
