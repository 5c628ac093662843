"""Temporal attention blocks (paper Sec. 3.1), with the names of the published `temporal_attention.ckpt`.

The layers come from `ops` (torch.nn, or a host's classes that cast and stream their weights), so the same lines serve every
host and training.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

AttendHeads = Callable[[Tensor, Tensor, Tensor, int], Tensor]  # q, k, v (B, L, D), heads -> (B, L, D)
MAX_FRAMES = 24  # that the published positional table covers

SITE = re.compile(r"^((?:down_blocks\.\d+|up_blocks\.\d+|mid_block)\.motion_modules\.\d+)\.temporal_transformer\.")


@dataclass(frozen=True)
class MotionLayout:
    widths: Mapping[str, int]  # site, e.g. "down_blocks.0.motion_modules.1" -> channels there
    max_length: int = MAX_FRAMES  # frames that the positional table covers
    heads: int = 8  # cannot be told from the tensors
    attentions: int = 2  # temporal self-attentions in a block
    blocks: int = 1  # transformer blocks in a temporal block

    @property
    def joins_norms(self) -> bool:
        """Whether ResNet statistics span a window, as MagicAnimate and AnimateDiff's first modules were trained.

        Later modules of AnimateDiff, which know 32 positions, were trained with statistics of single frames.
        """
        return self.max_length <= MAX_FRAMES


def motion_layout(shapes: Mapping[str, tuple[int, ...]]) -> MotionLayout:
    """Reads the layout off the tensor shapes of a motion module in the published naming.

    Raises StopIteration or KeyError where there is none.
    """
    sites = {m[1]: shapes[f"{m[0]}norm.weight"][0] for k in shapes if (m := SITE.match(k)) and k == f"{m[0]}norm.weight"}
    tables = [s[1] for k, s in shapes.items() if k.endswith("pos_encoder.pe")]
    first = next(iter(sites))
    blocks = {m[1] for k in shapes if (m := re.match(rf"{re.escape(first)}\..*transformer_blocks\.(\d+)\.", k))}
    attentions = {m[1] for k in shapes if (m := re.match(rf"{re.escape(first)}\..*_blocks\.0\.norms\.(\d+)\.weight", k))}
    return MotionLayout(sites, min(tables, default=MAX_FRAMES), attentions=len(attentions), blocks=len(blocks))


def sinusoidal_positions(frames: int, width: int, like: Tensor) -> Tensor:
    """Computes the interleaved sin/cos table, (frames, width), on the device and in the dtype of `like`.

    Computed where it is used: a stored table would be the one tensor of a block that no host streams.
    """
    step = torch.arange(0, width, 2, device=like.device, dtype=torch.float32)  # (D/2,)
    angle = torch.outer(
        torch.arange(frames, device=like.device, dtype=torch.float32), torch.exp(step * (-math.log(10000.0) / width))
    )
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1).to(like.dtype)


def scaled_dot_product(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Attends with PyTorch's kernels: q (B, L, D), k and v (B, M, D) -> (B, L, D)."""
    q, k, v = (rearrange(t, "b l (h d) -> b h l d", h=heads) for t in (q, k, v))
    return rearrange(F.scaled_dot_product_attention(q, k, v), "b h l d -> b l (h d)")


class TemporalAttention(nn.Module):
    def __init__(self, width: int, heads: int, ops, **factory):
        super().__init__()
        self.heads = heads
        self.to_q = ops.Linear(width, width, bias=False, **factory)
        self.to_k = ops.Linear(width, width, bias=False, **factory)
        self.to_v = ops.Linear(width, width, bias=False, **factory)
        self.to_out = nn.Sequential(ops.Linear(width, width, **factory))

    def forward(self, x: Tensor, attend: AttendHeads) -> Tensor:  # (B, F, D)
        return self.to_out(attend(self.to_q(x), self.to_k(x), self.to_v(x), self.heads))


class GEGLU(nn.Module):
    def __init__(self, width: int, inner: int, ops, **factory):
        super().__init__()
        self.proj = ops.Linear(width, 2 * inner, **factory)

    def forward(self, x: Tensor) -> Tensor:  # (B, F, width) -> (B, F, inner)
        x, gate = self.proj(x).chunk(2, dim=-1)
        return x * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width: int, ops, **factory):
        super().__init__()
        self.net = nn.Sequential(  # the middle place is a dropout of the published module, always off
            GEGLU(width, 4 * width, ops, **factory), nn.Identity(), ops.Linear(4 * width, width, **factory)
        )

    def forward(self, x: Tensor) -> Tensor:  # (B, F, D)
        return self.net(x)


class TemporalBlock(nn.Module):
    """[norm, + positions, temporal self-attention, +] for each attention, then [norm, feed-forward, +]."""

    def __init__(self, width: int, layout: MotionLayout, ops, **factory):
        super().__init__()
        self.attention_blocks = nn.ModuleList(
            TemporalAttention(width, layout.heads, ops, **factory) for _ in range(layout.attentions)
        )
        self.norms = nn.ModuleList(ops.LayerNorm(width, **factory) for _ in range(layout.attentions))
        self.ff = FeedForward(width, ops, **factory)
        self.ff_norm = ops.LayerNorm(width, **factory)

    def forward(self, x: Tensor, positions: Tensor, attend: AttendHeads) -> Tensor:  # (B, F, D), (F, D)
        for norm, attention in zip(self.norms, self.attention_blocks, strict=True):
            x = attention(norm(x) + positions, attend) + x
        return self.ff(self.ff_norm(x)) + x


class TemporalTransformer(nn.Module):
    """Attention over the frames of a window, at every place of the image separately."""

    def __init__(self, width: int, layout: MotionLayout, ops, **factory):
        super().__init__()
        self.norm = ops.GroupNorm(32, width, eps=1e-6, **factory)
        self.proj_in = ops.Linear(width, width, **factory)
        self.transformer_blocks = nn.ModuleList(TemporalBlock(width, layout, ops, **factory) for _ in range(layout.blocks))
        self.proj_out = ops.Linear(width, width, **factory)

    def forward(self, x: Tensor, frames: int, attend: AttendHeads = scaled_dot_product) -> Tensor:
        """Mixes the frames of each window, x (B F) C h w -> the same. A frame's place in its window is its position.

        attend: what attends with q, k, v; a host may have one for every run.
        """
        h = rearrange(self.norm(x), "(b f) c h w -> (b h w) f c", f=frames)
        h = self.proj_in(h)  # (B h w, F, C)
        positions = sinusoidal_positions(frames, h.shape[-1], like=h)  # (F, C)
        for block in self.transformer_blocks:
            h = block(h, positions, attend)
        h = self.proj_out(h)
        return x + rearrange(h, "(b h w) f c -> (b f) c h w", f=frames, h=x.shape[2], w=x.shape[3])


class MotionModule(nn.Module):
    """All temporal blocks of a UNet. state_dict() has the published names, without the positional tables."""

    def __init__(self, layout: MotionLayout, ops=nn, **factory):
        super().__init__()
        self.layout = layout
        for site, width in layout.widths.items():
            owner: nn.Module = self
            for name in site.split("."):  # down_blocks -> 0 -> motion_modules -> 0
                if name not in owner._modules:
                    owner.add_module(name, nn.Module())
                owner = owner._modules[name]
            owner.temporal_transformer = TemporalTransformer(width, layout, ops, **factory)

    def at(self, site: str) -> TemporalTransformer:
        """Returns the temporal block of a published site."""
        return self.get_submodule(site).temporal_transformer
