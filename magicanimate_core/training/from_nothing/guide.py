"""Second tasks for hybrid attention: where to look in the reference, and what to bring from it.

The picture's own loss teaches the last attention only, and slowly; asked one by one, all of them learn what to pass on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from ..batch import Batch

# between the target tokens that `match` asks: all cost more than they teach. Odd, so that no column is left out
QUERY_STEP = 5
BACKGROUND_WEIGHT = 0.2  # what a background token counts for beside one on the body
# background, torso, hand, foot, upper leg, lower leg, upper arm, lower arm, head: of each of DensePose's parts 0 to 24
PART_GROUPS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8)


class Watched(NamedTuple):
    """What passed through the nets in one run, by the names of the UNet's attentions."""

    queries: dict[str, Tensor]  # the UNet's tokens ((N F), L, D)
    outputs: dict[str, Tensor]  # what the attention makes of them, ((N F), L, D)
    features: dict[str, Tensor]  # the encoder's tokens (N, L, D); none where every reference is dropped


class Guide(nn.Module):
    """Loss of two tasks that every hybrid attention gets: to find the same body part (`match`), to bring what it looks like.

    For the second (`appearance`) a linear layer each, which is not exported, reads latents off features and outputs.
    """

    def __init__(self, attentions: Mapping[str, nn.Module], encoder: nn.Module, *, match: float, appearance: float) -> None:
        super().__init__()
        self.match, self.appearance = match, appearance
        self.watched = {"attentions": dict(attentions), "encoder": encoder}  # not registered: the nets' own
        self.heads = nn.ModuleDict()
        for name, attention in attentions.items() if appearance else ():
            width = attention.to_q.in_features
            self.heads[head_name(name)] = nn.ModuleList([nn.Linear(width, 4), nn.Linear(width, 4)])

    @contextmanager
    def watching(self) -> Iterator[Watched]:
        """Notes what passes through the attentions and the encoder while the block runs; of two runs, the last."""
        seen = Watched({}, {}, {})

        def note(name: str, _, args, output: Tensor) -> None:
            seen.queries[name], seen.outputs[name] = args[0], output

        hooks = [attn.register_forward_hook(partial(note, name)) for name, attn in self.watched["attentions"].items()]
        hooks.append(self.watched["encoder"].register_forward_hook(lambda _, __, features: seen.features.update(features)))
        try:
            yield seen
        finally:
            for hook in hooks:
                hook.remove()

    def forward(self, seen: Watched, batch: Batch, weight: Tensor) -> Tensor:
        """Returns the loss of a run of the nets, a scalar. weight: what latent pixels count for, (N, F, 1, h, w)."""
        losses = []
        for name, features in seen.features.items():
            if self.match:
                losses.append(self.match * self.match_task(name, seen.queries[name], features, batch))
            if self.appearance:
                losses.append(self.appearance * self.appearance_task(name, seen.outputs[name], features, batch, weight))
        return torch.stack(losses).sum() / len(seen.features) if losses else batch.latents.new_zeros(())

    def match_task(self, name: str, queries: Tensor, features: Tensor, batch: Batch) -> Tensor:
        """Scalar loss of some tokens of one frame of each reference: all of them would be most of a step's work.

        queries ((N F), L, D), features (N, L, D).
        """
        attention, there = self.watched["attentions"][name], batch.with_reference
        first = rearrange(queries, "(n f) l d -> n f l d", n=len(features))[:, 0, ::QUERY_STEP]
        q, k = (
            rearrange(to(x[there]), "n l (h d) -> n h l d", h=attention.heads)
            for to, x in ((attention.to_q, first), (attention.to_k, features))
        )
        grid = grid_of(features.shape[1], batch.reference_parts.shape[-2:])
        targets, references = shares(batch.parts[there, 0], grid), shares(batch.reference_parts[there], grid)
        return match_loss(q, k, targets, references, QUERY_STEP)

    def appearance_task(self, name: str, outputs: Tensor, features: Tensor, batch: Batch, weight: Tensor) -> Tensor:
        """Scalar loss of latents that linear heads read: the reference's off its features, the targets' off the outputs.

        outputs ((N F), L, D), features (N, L, D), weight (N, F, 1, h, w).
        """
        grid, there = grid_of(features.shape[1], batch.reference_parts.shape[-2:]), batch.with_reference
        of_features, of_outputs = self.heads[head_name(name)]
        read = (of_features(features).float() - tokens_of(batch.reference, grid)) ** 2  # (N, L, 4)
        if not there.any():
            return read.mean()
        rows = there.repeat_interleave(len(outputs) // len(features))  # (N F): of a dropped reference nothing can be known
        made = (of_outputs(outputs[rows]).float() - tokens_of(batch.latents.flatten(0, 1)[rows], grid)) ** 2
        made = made * tokens_of(weight.flatten(0, 1)[rows], grid)
        return read.mean() + made.mean()


def head_name(attention: str) -> str:
    """Returns the name of an attention's heads: names of modules have no dots."""
    return attention.replace(".", "_")


def tokens_of(maps: Tensor, grid: tuple[int, int]) -> Tensor:
    """Returns the means of (B, C, h, w) over the tokens of a level, (B, L, C)."""
    return F.adaptive_avg_pool2d(maps, grid).flatten(2).mT


def match_loss(q: Tensor, k: Tensor, targets: Tensor, references: Tensor, step: int = 1) -> Tensor:
    """Returns -log of how much of the attention lies on reference tokens that match, a scalar over tokens that some match.

    q: (B, heads, M, d), every `step`-th token of the targets. k: (B, heads, L, d) of the references.
    targets, references: (B, L, groups), see `shares`.
    """
    attention = ((q @ k.mT).float() * q.shape[-1] ** -0.5).softmax(-1).mean(1)  # (B, M, L): some heads may do something else
    match = targets[..., 1:] @ references[..., 1:].mT  # (B, L, L): the same group of body parts
    match = match + torch.diag_embed(targets[..., 0] * references[..., 0])  # background at the same place
    match, targets = match[:, ::step], targets[:, ::step]
    best = match.amax(-1)  # (B, M)
    loss = -((attention * match).sum(-1) / best.clamp(min=1e-6)).clamp(1e-6, 1).log()
    weight = best * (BACKGROUND_WEIGHT + (1 - BACKGROUND_WEIGHT) * (1 - targets[..., 0]))
    return (loss * weight).sum() / weight.sum().clamp(min=1e-6)


def shares(parts: Tensor, grid: tuple[int, int]) -> Tensor:
    """Returns how much of each token each group of body parts covers, (B, tokens, groups). parts (B, H / 4, W / 4)."""
    groups = torch.tensor(PART_GROUPS, device=parts.device)[parts.long()]
    covered = F.one_hot(groups, max(PART_GROUPS) + 1).movedim(-1, 1).float()
    return F.adaptive_avg_pool2d(covered, grid).flatten(2).movedim(1, 2)


def grid_of(tokens: int, size: tuple[int, int]) -> tuple[int, int]:
    """Returns height and width of a level with so many tokens; size: of the coarse parts, twice the latents'."""
    sizes = [(-(-size[0] // k), -(-size[1] // k)) for k in (2, 4, 8, 16, 32, 64)]
    return next(grid for grid in sizes if grid[0] * grid[1] == tokens)
