"""IP-Adapter (Ye et al. 2023): a photo, as CLIP sees it, in tokens of its own that cross attentions read beside the text's.

Layers are named as in the published files, and come from `ops`, as those of motion_module.py do.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from .hybrid_attention import Attend, KeysValues
from .motion_module import scaled_dot_product

Sizes = Mapping[str, tuple[int, ...]]  # of a projection's tensors, by their names in it

VECTOR_TOKENS = 4  # image tokens that one vector of a photo becomes
HEAD_WIDTH = 64  # of the resampler, which no file says


class VectorTokens(nn.Module):
    """ip-adapter: the photo's one vector becomes a few tokens."""

    pooled = True  # it reads one vector of a photo; the others read one a patch

    def __init__(self, sizes: Sizes, ops=nn, **factory):
        super().__init__()
        width, text = self.widths(sizes)
        self.proj = ops.Linear(width, VECTOR_TOKENS * text, **factory)
        self.norm = ops.LayerNorm(text, **factory)

    @staticmethod
    def widths(sizes: Sizes) -> tuple[int, int]:
        """Returns how wide what it reads is, and how wide its tokens are."""
        rows, width = sizes["proj.weight"]
        return width, rows // VECTOR_TOKENS

    def forward(self, seen: Tensor) -> Tensor:  # (B, E) -> (B, L, D)
        return self.norm(self.proj(seen).unflatten(-1, (VECTOR_TOKENS, -1)))


class PatchTokens(nn.Module):
    """ip-adapter-full-face: every patch becomes a token."""

    pooled = False

    def __init__(self, sizes: Sizes, ops=nn, **factory):
        super().__init__()
        width, text = self.widths(sizes)
        layers = ops.Linear(width, width, **factory), nn.GELU(), ops.Linear(width, text, **factory)
        self.proj = nn.Sequential(*layers, ops.LayerNorm(text, **factory))

    @staticmethod
    def widths(sizes: Sizes) -> tuple[int, int]:
        """Returns how wide what it reads is, and how wide its tokens are."""
        return sizes["proj.0.weight"][1], sizes["proj.3.weight"][0]

    def forward(self, seen: Tensor) -> Tensor:  # (B, L, E) -> (B, L, D)
        return self.proj(seen)


class ResampledTokens(nn.Module):
    """ip-adapter-plus: a few learnt tokens look at all patches, several times."""

    pooled = False

    def __init__(self, sizes: Sizes, ops=nn, **factory):
        super().__init__()
        width, text = self.widths(sizes)
        inner = sizes["latents"][-1]
        attending = sizes.get("layers.0.0.to_q.weight", (inner,))[0]
        count = len({key.split(".")[1] for key in sizes if key.startswith("layers.")})
        self.latents = nn.Parameter(torch.empty(sizes["latents"], **factory))
        self.proj_in, self.proj_out = ops.Linear(width, inner, **factory), ops.Linear(inner, text, **factory)
        self.norm_out = ops.LayerNorm(text, **factory)
        self.layers = nn.ModuleList(
            nn.ModuleList([Looking(inner, attending, ops, **factory), _feed_forward(inner, ops, **factory)])
            for _ in range(count)
        )

    @staticmethod
    def widths(sizes: Sizes) -> tuple[int, int]:
        """Returns how wide what it reads is, and how wide its tokens are."""
        return sizes["proj_in.weight"][1], sizes["proj_out.weight"][0]

    def forward(self, seen: Tensor) -> Tensor:  # (B, L, E) -> (B, T, D)
        patches = self.proj_in(seen)
        tokens = self.latents.to(patches).expand(len(seen), -1, -1)
        for look, feed in self.layers:
            tokens = tokens + look(tokens, patches)
            tokens = tokens + feed(tokens)
        return self.norm_out(self.proj_out(tokens))


class Looking(nn.Module):
    """Attention of a resampler's tokens to the patches and to each other."""

    def __init__(self, width: int, inner: int, ops, **factory):
        super().__init__()
        if inner % HEAD_WIDTH:
            raise ValueError(f"its resampler attends with {inner} numbers, no multiple of {HEAD_WIDTH}")
        self.heads = inner // HEAD_WIDTH
        self.norm1, self.norm2 = ops.LayerNorm(width, **factory), ops.LayerNorm(width, **factory)
        linear = partial(ops.Linear, bias=False, **factory)
        self.to_q, self.to_kv, self.to_out = linear(width, inner), linear(width, 2 * inner), linear(inner, width)

    def forward(self, tokens: Tensor, patches: Tensor) -> Tensor:  # (B, T, D), (B, L, D) -> (B, T, D)
        tokens = self.norm2(tokens)
        keys, values = self.to_kv(torch.cat([self.norm1(patches), tokens], 1)).chunk(2, -1)
        return self.to_out(scaled_dot_product(self.to_q(tokens), keys, values, self.heads))


def _feed_forward(width: int, ops, **factory) -> nn.Sequential:
    linear = partial(ops.Linear, bias=False, **factory)
    return nn.Sequential(ops.LayerNorm(width, **factory), linear(width, 4 * width), nn.GELU(), linear(4 * width, width))


Projection = type[VectorTokens] | type[PatchTokens] | type[ResampledTokens]

TOLD_BY: Mapping[Projection, set[str]] = {  # what each kind has and no other
    VectorTokens: {"proj.weight"},
    PatchTokens: {"proj.0.weight", "proj.3.weight"},
    ResampledTokens: {"latents", "proj_in.weight", "proj_out.weight"},
}


def projection_kind(sizes: Sizes) -> Projection | None:
    """Returns of which kind a projection with these tensors is; None for an unknown one."""
    return next((kind for kind, names in TOLD_BY.items() if names <= sizes.keys()), None)


class IPAdapter(nn.Module):
    """A whole IP-Adapter. state_dict() has the published names: image_proj.* and ip_adapter.*."""

    def __init__(self, kind: Projection, sizes: Sizes, attentions: Mapping[str, int], ops=nn, **factory):
        """sizes: of the projection's tensors. attentions: widths of the cross attentions, by their numbers in the file.

        Raises ValueError for sizes that cannot be.
        """
        super().__init__()
        self.name = "this IP-Adapter"  # in sentences; whoever loads a file says which
        self.image_proj = kind(sizes, ops, **factory)
        self.reads, text = kind.widths(sizes)  # how wide what it reads of a photo is
        linear = partial(ops.Linear, text, bias=False, **factory)
        pairs = {number: {"to_k_ip": linear(width), "to_v_ip": linear(width)} for number, width in attentions.items()}
        self.ip_adapter = nn.ModuleDict({number: nn.ModuleDict(pair) for number, pair in pairs.items()})

    @property
    def pooled(self) -> bool:
        """Whether it reads one vector of a photo; else one a patch."""
        return self.image_proj.pooled

    def keys_values(self, seen: Tensor) -> list[KeysValues]:
        """Returns keys and values (B, T, width) for the cross attentions in order, of photos seen as (B, E) or (B, L, E)."""
        tokens = self.image_proj(seen)  # (B, T, D)
        pairs = [self.ip_adapter[number] for number in sorted(self.ip_adapter, key=int)]
        return [(pair["to_k_ip"](tokens), pair["to_v_ip"](tokens)) for pair in pairs]


def add_image(text: Tensor, q: Tensor, images: Sequence[KeysValues], scale: float, attend: Attend) -> Tensor:
    """Adds what a photo tells to what the text told, in a cross attention whose rows come in len(images) equal chunks.

    text: what the rows got from it, q: their queries, (B, L, D). images: keys and values, each (1, T, D), one per chunk.
    Returns (B, L, D).
    """
    rows = q.shape[0] // len(images)
    chunks = zip(q.split(rows), images, strict=True)
    told = [attend(q_own, *(t.expand(rows, -1, -1) for t in image)) for q_own, image in chunks]
    return text + scale * torch.cat(told)
