"""Help for nets that are trained from nothing: where the body is, from the DensePose of target and reference.

Not in the paper, whose nets begin as Stable Diffusion and know what a person is. Left out with loss.person 1, loss.match
and loss.appearance 0.
"""

from functools import partial

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

EVERY = 4  # pixels between those whose parts a batch tells: half a latent's width
STEP = 5  # between the target tokens that `match` asks: all cost more than they teach. Odd, so that no column is left out
BACKGROUND = 0.2  # what a background token counts for beside one on the body
# background, torso, hand, foot, upper leg, lower leg, upper arm, lower arm, head: of each of DensePose's parts 0 to 24
GROUPS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8)


def emphasis(parts: Tensor, reference_parts: Tensor, person: float) -> Tensor:
    """What the error of each latent pixel counts for, (R, F, 1, h, w), 1 on average.

    parts (R, F, H / 4, W / 4), reference_parts (R, H / 4, W / 4). `person` counts where the body is in the target or was in
    the reference, with a margin for hair and clothes; 1 elsewhere.
    """
    body = (torch.maximum(parts > 0, (reference_parts > 0)[:, None])).float()  # (R, F, H / 4, W / 4)
    latent = F.max_pool2d(body, 8 // EVERY)  # (R, F, h, w)
    near = F.max_pool2d(latent, 3, stride=1, padding=1)
    weight = 1 + (person - 1) * near
    return (weight / weight.mean())[:, :, None]


class Guide(nn.Module):
    """Second tasks for hybrid attention: where to look in the reference (`match`), what to bring from it (`appearance`).

    Watches the UNet's attentions and the encoder while they run. The picture's own loss teaches the last attention only, and
    slowly; asked one by one, all of them learn what to pass on.
    """

    def __init__(self, attentions: dict[str, nn.Module], encoder: nn.Module, match: float, appearance: float):
        super().__init__()
        self.match, self.appearance = match, appearance
        self.attentions = dict(attentions)  # not registered: the UNet's own
        self.queries: dict[str, Tensor] = {}  # attention's name -> the UNet's tokens ((R F), L, D)
        self.outputs: dict[str, Tensor] = {}  # what the attention makes of them
        self.features: dict[str, Tensor] = {}  # the encoder's tokens (R, L, D); none where every reference is dropped
        for name, attention in attentions.items():
            attention.register_forward_hook(partial(self._see, name))
        encoder.register_forward_hook(lambda _, __, features: self.features.update(features))
        self.heads = nn.ModuleDict()
        for name, attention in attentions.items() if appearance else ():
            width = attention.to_q.in_features
            self.heads[head_name(name)] = nn.ModuleList([nn.Linear(width, 4), nn.Linear(width, 4)])

    def _see(self, name: str, _, args, output: Tensor) -> None:
        self.queries[name], self.outputs[name] = args[0], output

    def forget(self) -> None:
        """Drops what was seen, so that a run without loss (a validation clip) leaves nothing to the next one."""
        for seen in (self.queries, self.outputs, self.features):
            seen.clear()

    def forward(self, batch: dict[str, Tensor], weight: Tensor | None) -> Tensor:
        """Scalar loss of the last run of the nets. weight: what latent pixels count for, (R, F, 1, h, w); None: 1."""
        queries, outputs, features = dict(self.queries), dict(self.outputs), dict(self.features)
        self.forget()
        losses = []
        for name, n in features.items():
            if self.match:
                losses.append(self.match * self._match(name, queries[name], n, batch))
            if self.appearance:
                losses.append(self.appearance * self._appearance(name, outputs[name], n, batch, weight))
        return torch.stack(losses).sum() / len(features) if losses else batch["latents"].new_zeros(())

    def _match(self, name: str, tokens: Tensor, n: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Some tokens of one frame of each reference: attention as a matrix, over all of them, is most of a step's work."""
        attention, seen = self.attentions[name], batch["with_reference"]
        first = rearrange(tokens, "(r f) l d -> r f l d", r=len(n))[:, 0, ::STEP]
        q, k = (
            rearrange(to(x[seen]), "r l (h d) -> r h l d", h=attention.heads)
            for to, x in ((attention.to_q, first), (attention.to_k, n))
        )
        grid = grid_of(n.shape[1], batch["reference_parts"].shape[-2:])
        targets, references = shares(batch["parts"][seen, 0], grid), shares(batch["reference_parts"][seen], grid)
        return match_loss(q, k, targets, references, STEP)

    def _appearance(self, name: str, out: Tensor, n: Tensor, batch: dict[str, Tensor], weight: Tensor | None) -> Tensor:
        """Squared errors of latents that linear heads read: the reference's off its features, the targets' off outputs."""
        grid, seen = grid_of(n.shape[1], batch["reference_parts"].shape[-2:]), batch["with_reference"]
        of_features, of_outputs = self.heads[head_name(name)]
        read = (of_features(n).float() - tokens_of(batch["reference"], grid)) ** 2  # (R, L, 4)
        if not seen.any():
            return read.mean()
        told = seen.repeat_interleave(len(out) // len(n))  # (R F): a dropped reference tells nothing
        made = (of_outputs(out[told]).float() - tokens_of(batch["latents"].flatten(0, 1)[told], grid)) ** 2
        if weight is not None:
            made = made * tokens_of(weight.flatten(0, 1)[told], grid)
        return read.mean() + made.mean()


def head_name(attention: str) -> str:
    return attention.replace(".", "_")  # names of modules have no dots


def tokens_of(maps: Tensor, grid: tuple[int, int]) -> Tensor:
    """Means of (B, C, h, w) over the tokens of a level, (B, L, C)."""
    return F.adaptive_avg_pool2d(maps, grid).flatten(2).mT


def match_loss(q: Tensor, k: Tensor, targets: Tensor, references: Tensor, step: int = 1) -> Tensor:
    """-log of how much of the attention lies on reference tokens that match, over the tokens that some match.

    q: (B, heads, M, d), every `step`-th token of the targets. k: (B, heads, L, d) of the references.
    targets, references: (B, L, groups), see `shares`.
    """
    attention = ((q @ k.mT).float() * q.shape[-1] ** -0.5).softmax(-1).mean(1)  # (B, M, L): some heads may do something else
    match = targets[..., 1:] @ references[..., 1:].mT  # (B, L, L): the same group of body parts
    match = match + torch.diag_embed(targets[..., 0] * references[..., 0])  # background at the same place
    match, targets = match[:, ::step], targets[:, ::step]
    best = match.amax(-1)  # (B, M)
    loss = -((attention * match).sum(-1) / best.clamp(min=1e-6)).clamp(1e-6, 1).log()
    weight = best * (BACKGROUND + (1 - BACKGROUND) * (1 - targets[..., 0]))
    return (loss * weight).sum() / weight.sum().clamp(min=1e-6)


def shares(parts: Tensor, grid: tuple[int, int]) -> Tensor:
    """How much of each token each group of body parts covers, (B, tokens, groups). parts (B, H / 4, W / 4)."""
    groups = torch.tensor(GROUPS, device=parts.device)[parts.long()]
    covered = F.one_hot(groups, max(GROUPS) + 1).movedim(-1, 1).float()
    return F.adaptive_avg_pool2d(covered, grid).flatten(2).movedim(1, 2)


def grid_of(tokens: int, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a level with so many tokens; size: of the coarse parts, twice the latents'."""
    sizes = [(-(-size[0] // k), -(-size[1] // k)) for k in (2, 4, 8, 16, 32, 64)]
    return next(grid for grid in sizes if grid[0] * grid[1] == tokens)
