"""What depends on single frames only is computed once per evaluation, although windows share frames."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .picking import stretches

Outputs = list[Tensor]  # of one frame, each (C, h, w)


class Parked(NamedTuple):
    """A row of what waits far from the net: all outputs of a frame, one after another."""

    rows: Tensor  # (n, sum of C h w)
    row: int


class PerFrame:
    """Outputs that depend on single frames, which wait only for calls still to come.

    room: frames that may wait where the net is: those that are due first. park, fetch: move a tensor to where all others
    wait, and back.
    """

    def __init__(self, park: Callable[[Tensor], Tensor], fetch: Callable[[Tensor], Tensor], room: int = 0) -> None:
        self.park, self.fetch, self.room = park, fetch, room
        self.waiting: dict[int, Outputs | Parked] = {}  # by frame
        self.due: dict[int, int] = {}  # frame -> number of the call that it waits for
        self.shapes: list[torch.Size] = []  # of a frame's outputs

    def gather(
        self, frames: Sequence[int], needed_later: Mapping[int, int], compute: Callable[[list[int]], Sequence[Tensor]]
    ) -> list[Tensor]:
        """Returns the outputs of all rows of a call, each (len(frames), C, h, w); they are the caller's, to change as well.

        needed_later: frame -> number of the call that needs it again; all others are let go. compute(missing frames) gives a
        batch of each output.
        """
        ready = self._taken([f for f in dict.fromkeys(frames) if f in self.waiting])
        missing = [f for f in dict.fromkeys(frames) if f not in ready]
        batches = compute(missing) if missing else []
        self.shapes = [batch.shape[1:] for batch in batches] or self.shapes
        new = {f: [batch[i] for batch in batches] for i, f in enumerate(missing)}
        self.due |= {f: needed_later[f] for f in frames if f in needed_later}
        self._leave({f: ready[f] for f in ready if f in needed_later}, {f: new[f] for f in missing if f in needed_later})
        if missing == list(frames):
            return list(batches)
        ready |= new
        return [torch.stack(outputs) for outputs in zip(*(ready[f] for f in frames), strict=True)]

    def _taken(self, frames: Sequence[int]) -> dict[int, Outputs]:
        """Outputs of frames that have waited, where the net is."""
        taken = {f: self.waiting.pop(f) for f in frames}
        near = {f: outputs for f, outputs in taken.items() if not isinstance(outputs, Parked)}
        for rows in {id(place.rows): place.rows for f, place in taken.items() if f not in near}.values():
            there = {f: place.row for f, place in taken.items() if f not in near and place.rows is rows}
            # fetched as they lie: only what brings them back may read rows that may still be on their way out
            parts = [self.fetch(rows[part.start : part.stop]) for part in stretches(list(there.values()))]
            near |= dict(zip(there, map(self._split, torch.cat(parts)), strict=True))
        return near

    def _split(self, row: Tensor) -> Outputs:  # (sum of C h w,)
        parts = row.split([shape.numel() for shape in self.shapes])
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _leave(self, own: dict[int, Outputs], new: dict[int, Outputs]) -> None:
        """Lets frames wait. new: parts of what the caller gets, so that those are copied."""
        near = {f: outputs for f, outputs in self.waiting.items() if not isinstance(outputs, Parked)} | own | new
        first = sorted(near, key=self.due.__getitem__)
        stay, leave = first[: self.room], first[self.room :]
        self.waiting |= {f: near[f] for f in stay if f not in new}
        if copied := [f for f in stay if f in new]:
            layers = [torch.stack(outputs) for outputs in zip(*(new[f] for f in copied), strict=True)]
            self.waiting |= {f: [layer[i] for layer in layers] for i, f in enumerate(copied)}
        if leave:
            rows = self.park(torch.stack([torch.cat([out.flatten() for out in near[f]]) for f in leave]))
            self.waiting |= {f: Parked(rows, i) for i, f in enumerate(leave)}
