"""Padding is one rule: a frame beyond the clip is its last frame again, in all that hangs on frames.

A call's Window knows which frame is shown (`Window.shown`). What the host itself would stretch or cut to the padded length
is padded here, before the host sees it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..method.windows import pad_last
from .rows import Conditionings

Guidance = Callable[[dict[str, Any]], Tensor]  # the host's sampler_cfg_function: predictions -> the guided one (F, 4, h, w)


def pad_conditionings(conds: Conditionings, frames: int, total: int) -> Conditionings:
    """Returns conditionings for `total` frames: what has an entry per frame of the clip has one per padded frame."""

    def padded(value: Any) -> Any:
        per_frame = isinstance(value, Tensor) and value.ndim > 2 and value.shape[0] == frames and frames > 1
        return pad_last(value, total) if per_frame else value

    return {
        role: None if entries is None else [{name: padded(value) for name, value in entry.items()} for entry in entries]
        for role, entries in conds.items()
    }


def pad_guidance(model_options: dict, frames: int, total: int) -> dict:
    """Returns model_options whose guidance is told of the clip's frames only, as some guide every frame by its place."""
    guidance: Guidance | None = model_options.get("sampler_cfg_function")
    if guidance is None:
        return model_options

    def guided(args: dict[str, Any]) -> Tensor:  # (total, 4, h, w)
        """The clip as it is; then every padded frame in the place of the last one."""
        first = guidance(_rows(args, range(frames), total))
        extra = [guidance(_rows(args, [*range(frames - 1), frame], total))[-1:] for frame in range(frames, total)]
        return torch.cat([first, *extra])

    return {**model_options, "sampler_cfg_function": guided}


def _rows(args: dict[str, Any], frames: range | list[int], total: int) -> dict[str, Any]:
    """Arguments of a guidance function for some frames: of every tensor that has a row per frame, those rows."""

    def some(value: Any) -> Any:
        per_frame = isinstance(value, Tensor) and value.ndim > 0 and value.shape[0] == total
        return value[list(frames)] if per_frame else value

    return {name: some(value) for name, value in args.items()}
