"""One statistic for a whole window: the inflated UNet normalises a ResNet's input over all F frames at once."""

from einops import rearrange
from torch import Tensor


def join_frames(x: Tensor, frames: int) -> Tensor:
    """Joins a window's frames, (B F) C h w -> B C (F h) w, so that an ordinary GroupNorm sees one tall image."""
    return rearrange(x, "(b f) c h w -> b c (f h) w", f=frames)


def split_frames(x: Tensor, frames: int) -> Tensor:
    """Undoes `join_frames`: B C (F h) w -> (B F) C h w."""
    return rearrange(x, "b c (f h) w -> (b f) c h w", f=frames)
