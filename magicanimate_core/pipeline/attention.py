"""diffusers' self-attentions with the paper's: processors for the temporal UNet (Eq. 2) and for the appearance encoder."""

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from torch import Tensor

from ..method.hybrid_attention import FeaturesRead, KeysValues, hybrid_attention
from ..method.motion_module import scaled_dot_product
from .call import CALL, READING

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import Attention

SEES_REFERENCE = re.compile(r"^((?:mid_block|up_blocks\.\d+)\..*\.attn1)\.processor$")  # of diffusers' processors


def reading_attentions(unet: "UNet2DConditionModel") -> list[str]:
    """Returns the names of the self-attentions that see the reference image: those of the middle and of the way up."""
    return [match[1] for name in unet.attn_processors if (match := SEES_REFERENCE.match(name))]


def attend(attn: "Attention", n: Tensor, references: Sequence[KeysValues | None]) -> Tensor:
    """Runs a self-attention of diffusers on normalised tokens n (B, L, D): q, k, v and output are its own, Eq. 2 between."""
    dot_product = partial(scaled_dot_product, heads=attn.heads)
    out = hybrid_attention(attn.to_q(n), attn.to_k(n), attn.to_v(n), references, dot_product)
    return attn.to_out[1](attn.to_out[0](out))  # a linear layer and a dropout; (B, L, D)


class HybridAttention:
    """Attention processor of the temporal UNet: conditional rows also see the reference image."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(
        self, attn: "Attention", hidden_states: Tensor, encoder_hidden_states=None, attention_mask=None, temb=None, **_
    ) -> Tensor:
        """hidden_states: (B, L, D), normalised. Returns (B, L, D)."""
        references = [None if reference is None else reference[self.name] for reference in CALL.get().references]
        return attend(attn, hidden_states, references)


class ReadFeatures:
    """Attention processor of the encoder: gives its normalised input to the call that runs, and ends it after the last."""

    def __init__(self, name: str, last: bool) -> None:
        self.name, self.last = name, last

    def __call__(
        self, attn: "Attention", hidden_states: Tensor, encoder_hidden_states=None, attention_mask=None, temb=None, **_
    ) -> Tensor:
        """hidden_states: (N, L, D), normalised. Returns (N, L, D). Raises FeaturesRead after the last features."""
        reading = READING.get()
        if reading is not None:  # None: computed again on the way back, where nobody asks for features
            reading.features[self.name] = hidden_states
            if self.last and reading.stop:
                raise FeaturesRead
        return attend(attn, hidden_states, [None])
