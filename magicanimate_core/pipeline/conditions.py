"""What steers a clip: the reference image, the text, the poses."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


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
    image: Tensor | None = None  # what an IP-Adapter reads, of no photo and of the photo, (2, E) or (2, L, E)
    tokens: Tensor | None = None  # of the photo, which the UNet sees behind the positive text's, (1, L, D)

    def texts(self, halves: int) -> tuple[Tensor, Tensor | None]:
        """Returns text tokens (halves, L, D), the unconditional ones first where halves is 2, and which count, (halves, L).

        None: all do. Where one text has fewer tokens than the other, zeros follow it that do not count.
        """
        shown = self.positive if self.tokens is None else torch.cat([self.positive, self.tokens], 1)
        texts = [self.negative[0], shown[0]][-halves:]  # (L, D) each
        if len({len(text) for text in texts}) == 1:
            return torch.stack(texts), None
        counts = [torch.ones(len(text), dtype=torch.bool, device=text.device) for text in texts]
        return pad_sequence(texts, batch_first=True), pad_sequence(counts, batch_first=True)

    def rows(self, halves: int, frames: int) -> dict[str, Tensor | None]:
        """Returns what the UNet takes of text and photo, for windows of so many frames: text, count, image.

        Each has halves * frames rows, the unconditional ones first where halves is 2.
        """
        text, count = self.texts(halves)
        given = {"text": text, "count": count, "image": None if self.image is None else self.image[-halves:]}
        return {name: None if rows is None else rows.repeat_interleave(frames, 0) for name, rows in given.items()}
