"""Help for nets that are trained from nothing: where the body is, from the DensePose of target and reference.

Not in the paper, whose nets begin as Stable Diffusion and know what a person is. Left out with loss.person 1, loss.parts 0.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

PARTS = 25  # DensePose's 24 and the background
EVERY = 4  # pixels between those whose parts a batch tells: half a latent's width
BACKGROUND = 0.1  # what a background token counts for beside one on the body


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


class PartGuide(nn.Module):
    """A second task: what a hybrid attention compares must tell body parts apart, in the encoder as in the UNet.

    One linear reader for each attention serves both, so the same part looks alike to queries and to reference keys.
    Watches the two nets while they run.
    """

    def __init__(self, attentions: dict[str, nn.Module], encoder: nn.Module):
        super().__init__()
        self.readers = nn.ModuleList(nn.Linear(attention.to_q.in_features, PARTS) for attention in attentions.values())
        self.queries: dict[str, Tensor] = {}  # attention's name -> the UNet's tokens ((R F), L, D)
        self.keys: dict[str, Tensor] = {}  # and the encoder's (R, L, D); none where every reference is dropped
        for name, attention in attentions.items():
            attention.register_forward_pre_hook(lambda _, args, name=name: self.queries.update({name: args[0]}))
        encoder.register_forward_hook(lambda _, __, features: self.keys.update(features))

    def forward(self, parts: Tensor, reference_parts: Tensor) -> Tensor:
        """Scalar loss of the last run of the nets. parts (R, F, H / 4, W / 4), reference_parts (R, H / 4, W / 4)."""
        targets = F.one_hot(rearrange(parts, "r f h w -> (r f) h w").long(), PARTS).movedim(-1, 1).float()
        references = F.one_hot(reference_parts.long(), PARTS).movedim(-1, 1).float()
        losses = []
        for reader, name in zip(self.readers, self.queries, strict=True):
            losses.append(part_loss(reader(self.queries[name]), targets))
            if name in self.keys:
                losses.append(part_loss(reader(self.keys[name]), references))
        self.queries.clear()
        self.keys.clear()
        return torch.stack(losses).mean()


def part_loss(logits: Tensor, parts: Tensor) -> Tensor:
    """Cross entropy to each token's shares of parts. logits (B, L, 25); parts (B, 25, H / 4, W / 4), one-hot."""
    height, width = parts.shape[2:]
    sizes = ((-(-height // k), -(-width // k)) for k in (2, 4, 8, 16, 32, 64))
    grid = next(size for size in sizes if size[0] * size[1] == logits.shape[1])
    shares = F.adaptive_avg_pool2d(parts, grid).flatten(2).movedim(1, 2)  # (B, L, 25)
    entropy = -(shares * logits.float().log_softmax(-1)).sum(-1)  # (B, L)
    weight = BACKGROUND + 1 - shares[..., 0]
    return (entropy * weight).sum() / weight.sum()
