"""What training minimises (Sec. 3.4): Eq. 5 for single frames, Eq. 6 for clips.

Eq. 7 draws whether a batch is pictures, single frames of clips or clips (draws.py); the loss is the same for all.
"""

import torch
from torch import Tensor, nn

from .animation import Animation
from .batch import Batch


def min_snr(alphas: Tensor) -> Tensor:
    """min(SNR, 5) / SNR (Hang et al., 2023), (N,), of alpha bar (N,)."""
    snr = alphas / (1 - alphas)
    return snr.clamp(max=5) / snr


WEIGHTINGS = {  # what the squared error counts for at a timestep, (N,), of its alpha bar (N,)
    "eps": torch.ones_like,  # the paper's
    "min_snr": min_snr,
    # 1 / alpha bar, the squared error of the velocity (Salimans & Ho, 2022): high noise, where only the conditions tell what
    # to draw, counts more
    "v": torch.reciprocal,
}


class Objective(nn.Module):
    """The loss of a batch, E |eps - eps_theta|^2: frame by frame (Eq. 5), with temporal layers clip by clip (Eq. 6)."""

    def __init__(self, nets: Animation, weighting: str = "eps") -> None:
        super().__init__()
        self.nets, self.weigh = nets, WEIGHTINGS[weighting]

    def forward(self, batch: Batch) -> Tensor:
        """Returns the loss, a scalar."""
        return self.mean(self.error(batch) ** 2, batch)

    def error(self, batch: Batch) -> Tensor:
        """Returns eps_theta - eps, (N, F, 4, h, w)."""
        return self.nets.predict(batch) - batch.noise

    def mean(self, squares: Tensor, batch: Batch) -> Tensor:
        """Returns the mean of (N, F, 4, h, w) over everything, a scalar, each reference as its timestep counts."""
        weights = self.weigh(self.nets.schedule.alphas[batch.timesteps])  # (N,)
        return (squares.mean((1, 2, 3, 4)) * weights).mean()
