"""The host's attention, or the one that a node has chosen for this MODEL."""

from comfy.ldm.modules.attention import optimized_attention
from torch import Tensor

from ..method.hybrid_attention import Attend


def host_attention(options: dict) -> Attend:
    """Returns what attends in a block with q (B, L, D), k and v (B, M, D); options: the block's, as the host gives them."""

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return optimized_attention(
            q, k, v, options["n_heads"], attn_precision=options["attn_precision"], transformer_options=options
        )

    return attend
