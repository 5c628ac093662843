"""What depends on single frames only is computed once per evaluation, although windows share frames."""

from collections.abc import Callable, Collection, Sequence

import torch
from torch import Tensor


class PerFrame:
    """Outputs that depend on single frames, which wait only for windows still to come.

    park, fetch: move an output to where it waits, and back.
    """

    def __init__(self, park: Callable[[Tensor], Tensor], fetch: Callable[[Tensor], Tensor]) -> None:
        self.park, self.fetch = park, fetch
        self.waiting: dict[int, list[Tensor]] = {}  # frame -> its outputs, each (C, h, w)

    def gather(
        self, frames: Sequence[int], needed_later: Collection[int], compute: Callable[[list[int]], Sequence[Tensor]]
    ) -> list[Tensor]:
        """Returns the outputs of all rows of a window, each (len(frames), C, h, w).

        compute(missing frames) gives a batch of each output; what no coming window needs is let go.
        """
        missing = list(dict.fromkeys(f for f in frames if f not in self.waiting))
        ready = {f: [self.fetch(out) for out in self.waiting[f]] for f in frames if f in self.waiting}
        if missing:
            batches = compute(missing)
            ready |= {f: [batch[i] for batch in batches] for i, f in enumerate(missing)}
        self.waiting = {f: outputs for f, outputs in self.waiting.items() if f in needed_later}
        self.waiting |= {f: [self.park(out) for out in ready[f]] for f in missing if f in needed_later}
        return [torch.stack(outputs) for outputs in zip(*(ready[f] for f in frames), strict=True)]
