"""The photo as CLIP sees it, in tokens behind the prompt's: the appearance encoder's rival in the paper's Table 2b."""

import torch
from comfy.clip_vision import ClipVisionModel
from torch import Tensor

from ..method.baselines import VIT_L
from .pose import Conditioning


def image_tokens(vision: ClipVisionModel, image: Tensor) -> Tensor:
    """Returns a photo's patches (1, H, W, 3) in the space of texts, (1, L, D), the whole picture's first, off the device.

    Raises ValueError for an image model without such a space.
    """
    projection = getattr(vision.model, "visual_projection", None)
    layers = getattr(vision.model, "vision_model", None)
    if not isinstance(projection, torch.nn.Linear) or not hasattr(layers, "post_layernorm"):
        raise ValueError(f"clip_vision has no projection into the space of texts; expected {VIT_L}.")
    hidden = vision.encode_image(image).last_hidden_state  # (1, L, H); this loads the model, too
    tokens = projection(layers.post_layernorm(hidden.to(vision.load_device, vision.dtype)))
    return tokens.to(hidden.device, torch.float32)


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
