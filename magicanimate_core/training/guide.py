"""Help for nets that are trained from nothing: where the body is, from the DensePose of target and reference.

Not in the paper, whose nets begin as Stable Diffusion and know what a person is. Left out with loss.person 1, loss.match 0.
"""

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import Tensor, nn

EVERY = 4  # pixels between those whose parts a batch tells: half a latent's width
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


class MatchGuide:
    """A second task: hybrid attention must look at the right places of the reference image.

    The background at the same place, a body part at that part of the body. Watches the UNet's attentions and the encoder
    while they run; has no weights of its own.
    """

    def __init__(self, attentions: dict[str, nn.Module], encoder: nn.Module):
        self.attentions = attentions
        self.queries: dict[str, Tensor] = {}  # attention's name -> the UNet's tokens ((R F), L, D)
        self.keys: dict[str, Tensor] = {}  # and the encoder's (R, L, D); none where every reference is dropped
        for name, attention in attentions.items():
            attention.register_forward_pre_hook(lambda _, args, name=name: self.queries.update({name: args[0]}))
        encoder.register_forward_hook(lambda _, __, features: self.keys.update(features))

    def forget(self) -> None:
        """Drops what was seen, so that a run without loss (a validation clip) leaves nothing to the next one."""
        self.queries.clear()
        self.keys.clear()

    def __call__(self, parts: Tensor, reference_parts: Tensor, with_reference: Tensor) -> Tensor:
        """Scalar loss of the last run of the nets. parts (R, F, H / 4, W / 4), reference_parts (R, H / 4, W / 4)."""
        queries, keys = dict(self.queries), dict(self.keys)
        self.forget()
        frames, losses = parts.shape[1], []
        for name, n in keys.items():
            attention, heads = self.attentions[name], self.attentions[name].heads
            q = rearrange(attention.to_q(queries[name]), "b l (h d) -> b h l d", h=heads)
            k = repeat(attention.to_k(n), "r m (h d) -> (r f) h m d", h=heads, f=frames)
            grid = grid_of(n.shape[1], reference_parts.shape[-2:])
            targets = shares(rearrange(parts, "r f h w -> (r f) h w"), grid)
            references = shares(reference_parts, grid).repeat_interleave(frames, 0)
            seen = with_reference.repeat_interleave(frames)
            losses.append(match_loss(q[seen], k[seen], targets[seen], references[seen]))
        return torch.stack(losses).mean() if losses else parts.new_zeros((), dtype=torch.float32)


def match_loss(q: Tensor, k: Tensor, targets: Tensor, references: Tensor) -> Tensor:
    """-log of how much of the attention lies on reference tokens that match, over the tokens that some match.

    q, k: (B, heads, L, d) of targets and references. targets, references: (B, L, groups), see `shares`.
    """
    attention = ((q @ k.mT).float() * q.shape[-1] ** -0.5).softmax(-1).mean(1)  # (B, L, L): some heads may do something else
    match = targets[..., 1:] @ references[..., 1:].mT  # (B, L, L): the same group of body parts
    match = match + torch.diag_embed(targets[..., 0] * references[..., 0])  # background at the same place
    best = match.amax(-1)  # (B, L)
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
