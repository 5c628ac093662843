"""Whether it is still the same person: AED of the TED-talks table, and the vectors that it compares."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from .joints import mean
from .networks.identity import norm_by_frame
from .networks.watching import watching
from .tables import Table, matched

IDENTITY_HEIGHT, IDENTITY_WIDTH = 288, 144
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


@dataclass(frozen=True)
class IdentityErrors:
    """Errors by frame. files, frames: which frame. squared: sum of squared differences. euclidean: its root."""

    files: tuple[str, ...]
    frames: np.ndarray
    squared: np.ndarray
    euclidean: np.ndarray

    @property
    def aed(self) -> float | None:
        """Average Euclidean distance, as published: without the root that its name promises."""
        return mean(self.squared)

    @property
    def aed_euclidean(self) -> float | None:
        """With the root, frame by frame."""
        return mean(self.euclidean)


def identity_errors(true: Table, generated: Table) -> IdentityErrors:
    """Compares vectors, (N, ...) each. Raises ValueError unless frames and shapes are the same."""
    true, generated = matched(true, generated)
    apart = true.values.astype(np.float32) - generated.values.astype(np.float32)  # in the vectors' own precision
    squared = (apart.astype(np.float64) ** 2).sum(axis=tuple(range(1, apart.ndim)))
    return IdentityErrors(true.files, true.frames, squared, np.sqrt(squared))


def identity_input(frame: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, 288, 144). Grey levels are divided by 255 twice, as published."""
    small = np.asarray(Image.fromarray(frame).resize((IDENTITY_WIDTH, IDENTITY_HEIGHT), Image.Resampling.BICUBIC))
    levels = torch.from_numpy(small.copy()).permute(2, 0, 1).float() / 255 / 255
    return ((levels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None])[None]


def identity_vector(net: nn.Module, frame: np.ndarray) -> np.ndarray:
    """Returns (1, 2048) float32: who is in the frame (H, W, 3) uint8.

    One frame a call, as published: there the network stays in training mode, so its batch norms use the statistics of the
    single frame. With the stored ones, or several frames at once, the vectors are others.
    """
    device = next(net.parameters()).device
    with watching():
        return norm_by_frame(net)(identity_input(frame).to(device)).cpu().numpy()
