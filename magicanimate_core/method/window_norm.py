"""One statistic for a whole window: the inflated UNet normalises a ResNet's input over all F frames at once."""

from einops import rearrange
from torch import Tensor


def join_frames(x: Tensor, frames: int) -> Tensor:
    """(B F) C H W -> B C (F H) W, so that an ordinary GroupNorm sees the window as one tall image."""
    return rearrange(x, "(b f) c h w -> b c (f h) w", f=frames)


def split_frames(x: Tensor, frames: int) -> Tensor:
    """Undo `join_frames`: B C (F H) W -> (B F) C H W."""
    return rearrange(x, "b c (f h) w -> (b f) c h w", f=frames)
