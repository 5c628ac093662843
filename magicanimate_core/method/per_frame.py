"""What depends on single frames only is computed once per step, although windows share frames."""

from collections.abc import Callable, Collection, Sequence

import torch
from torch import Tensor

PerFrame = list[Tensor]  # several outputs for one frame, each (C, H, W)


def gather_frames(
    frames: Sequence[int],
    kept: dict[int, PerFrame],
    keep: Collection[int],
    compute: Callable[[list[int]], Sequence[Tensor]],
    park: Callable[[Tensor], Tensor],
    fetch: Callable[[Tensor], Tensor],
) -> list[Tensor]:
    """Outputs for all rows of a window, each (len(frames), C, H, W).

    kept: outputs that earlier windows left; afterwards it holds those of `keep` only. compute(missing frames) gives a
    batch of each output; park and fetch move a frame's outputs to where they wait, and back.
    """
    missing = list(dict.fromkeys(f for f in frames if f not in kept))
    ready = {f: [fetch(out) for out in kept[f]] for f in frames if f in kept}
    if missing:
        batches = compute(missing)
        ready |= {f: [batch[i] for batch in batches] for i, f in enumerate(missing)}
    for f in [f for f in kept if f not in keep]:
        del kept[f]
    kept |= {f: [park(out) for out in ready[f]] for f in missing if f in keep}
    return [torch.stack(outputs) for outputs in zip(*(ready[f] for f in frames), strict=True)]
