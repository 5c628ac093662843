"""The photo as CLIP sees it: in tokens behind the prompt's, or as an IP-Adapter reads it. The appearance encoder's rivals in
the paper's Table 2b."""

import torch
from comfy.clip_vision import ClipVisionModel
from torch import Tensor

from ..method.baselines import VIT_H, VIT_L
from ..method.ip_adapter import IPAdapter
from .pose import Conditioning


def image_tokens(vision: ClipVisionModel, image: Tensor) -> Tensor:
    """Returns a photo's patches (1, H, W, 3) in the space of texts, (1, L, D), the whole picture's first, off the device.

    Raises ValueError for an image model without such a space.
    """
    projection = _into_texts(vision, VIT_L)
    hidden = vision.encode_image(image).last_hidden_state  # (1, L, H); this loads the model, too
    layers = vision.model.vision_model
    tokens = projection(layers.post_layernorm(hidden.to(vision.load_device, vision.dtype)))
    return tokens.to(hidden.device, torch.float32)


def photo_embeddings(vision: ClipVisionModel, image: Tensor, pooled: bool) -> Tensor:
    """Returns what an IP-Adapter reads of no photo and of this one (1, H, W, 3), (2, E) or (2, L, E), off the device.

    pooled: one vector of a photo, and zeros for none; else the patches, of none those of an input of zeros.
    """
    seen = vision.encode_image(image)  # this loads the model, too
    if pooled:
        return torch.cat([torch.zeros_like(seen.image_embeds), seen.image_embeds])
    patches = seen.penultimate_hidden_states  # (1, L, E)
    nothing = torch.zeros(1, 3, vision.image_size, vision.image_size, device=vision.load_device)  # the net's own input
    empty = vision.model(pixel_values=nothing, intermediate_output=-2)[1]
    return torch.cat([empty.to(patches), patches])


def check_vision(vision: ClipVisionModel, adapter: IPAdapter) -> None:
    """Raises ValueError unless an image model gives what an IP-Adapter reads; it loads nothing."""
    projection = _into_texts(vision, VIT_H)
    gives = projection.out_features if adapter.pooled else projection.in_features
    if gives != adapter.reads:
        raise ValueError(
            f"{adapter.name} reads {adapter.reads} numbers of a photo, clip_vision gives {gives}: take the image encoder "
            f"that belongs to this IP-Adapter (for most of them {VIT_H})."
        )


def show_to_text(positive: Conditioning, tokens: Tensor) -> Conditioning:
    """Returns the positive conditioning with the photo's tokens (1, L, D) behind every prompt's; the ControlNet reads none.

    Raises ValueError for tokens of another width than the prompts'.
    """
    shown = []
    for text, options in positive:  # (B, L, D)
        if text.shape[-1] != tokens.shape[-1]:
            raise ValueError(
                f"clip_vision gives tokens that are {tokens.shape[-1]} wide, the prompt's are {text.shape[-1]}: "
                f"for SD 1.5 take {VIT_L}."
            )
        own = tokens.to(text).expand(text.shape[0], -1, -1)
        shown.append([torch.cat([text, own], 1), {"cross_attn_controlnet": text, **options}])
    return shown


def _into_texts(vision: ClipVisionModel, expected: str) -> torch.nn.Linear:
    """An image model's projection into the space of texts. Raises ValueError where it has none."""
    projection = getattr(vision.model, "visual_projection", None)
    layers = getattr(vision.model, "vision_model", None)
    if not isinstance(projection, torch.nn.Linear) or not hasattr(layers, "post_layernorm"):
        raise ValueError(f"clip_vision has no projection into the space of texts; expected {expected}.")
    return projection
