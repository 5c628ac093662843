"""Initial noise and the noise schedule of MagicAnimate."""

import torch
from torch import Tensor

TRAIN_TIMESTEPS = 1000


def betas() -> Tensor:
    """Variances of the forward process: linear in beta, unlike Stable Diffusion's own (linear in sqrt(beta)). (1000,)"""
    return torch.linspace(0.00085, 0.012, TRAIN_TIMESTEPS)


def official_timesteps(steps: int) -> list[int]:
    """DDIM timesteps of the published code, noisiest first: leading spacing, offset 1.

    >>> official_timesteps(4)
    [751, 501, 251, 1]
    """
    stride = _stride(steps, "official")
    return [i * stride + 1 for i in reversed(range(steps))]


def trailing_timesteps(steps: int) -> list[int]:
    """DDIM timesteps that begin where there is nothing but noise, for few steps (Lin et al., 2023, Sec. 3.3).

    >>> trailing_timesteps(4)
    [999, 749, 499, 249]
    """
    stride = _stride(steps, "trailing")
    return [(i + 1) * stride - 1 for i in reversed(range(steps))]


SPACINGS = {"official": official_timesteps, "trailing": trailing_timesteps}


def _stride(steps: int, name: str) -> int:
    if not 1 <= steps < TRAIN_TIMESTEPS:
        raise ValueError(f"steps is {steps}; the {name} schedule has 1 to {TRAIN_TIMESTEPS - 1} steps.")
    return TRAIN_TIMESTEPS // steps


def repeat_noise(segment: Tensor, frames: int) -> Tensor:
    """All segments share z^{1:K} (Sec. 3.3): frame f starts from segment[f mod K]. (K, ...) -> (frames, ...)"""
    return segment[torch.arange(frames) % segment.shape[0]]


def pad_noise(noise: Tensor, frames: int, length: int) -> Tensor:
    """Noise for the padded end of a clip: frame f >= N starts from frame f mod min(length, N). (N, ...) -> (frames, ...)"""
    extra = torch.arange(noise.shape[0], frames) % min(length, noise.shape[0])
    return torch.cat([noise, noise[extra]])


def pad_last(clip: Tensor, frames: int) -> Tensor:
    """Edge padding: the last frame repeats. (N, ...) -> (frames, ...)"""
    return clip[torch.arange(frames).clamp(max=clip.shape[0] - 1)]
