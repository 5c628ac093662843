"""What shows the photo to the model, by the option reference_by: which parts it needs, and how it does."""

from collections.abc import Collection
from typing import NamedTuple

from comfy.clip_vision import ClipVisionModel
from comfy.controlnet import ControlNet
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from torch import Tensor

from ..media.images import fit_photo
from ..method.baselines import VIT_H, VIT_L
from ..weights.ip_adapter import IP_ADAPTER
from .clip_image import check_vision, image_tokens, photo_embeddings, show_to_text
from .ip_adapter import apply_ip_adapter, check_adapter
from .options import BY_ADAPTER, BY_CLIP, BY_ENCODER, BY_NOTHING, HostSettings
from .pose import Conditioning
from .reference import apply_reference_image

NEEDED_BY = {  # part -> what it must be, where it is not connected; an appearance encoder always is
    BY_ENCODER: {"appearance_encoder": ""},
    BY_CLIP: {"clip_vision": f"Load CLIP Vision ({VIT_L})"},
    BY_ADAPTER: {"ip_adapter": f"Load IP-Adapter ({IP_ADAPTER})", "clip_vision": f"Load CLIP Vision ({VIT_H})"},
    BY_NOTHING: {},
}
SHOWING_PARTS = {part for parts in NEEDED_BY.values() for part in parts}  # that show the photo


class Parts(NamedTuple):
    """All that animates, as the loader nodes give it."""

    model: ModelPatcher  # from Load Temporal UNet
    appearance_encoder: ModelPatcher | None  # None: where something else shows the photo, or nothing of ours
    control_net: ControlNet
    vae: VAE
    clip_vision: ClipVisionModel | None = None  # where CLIP shows the photo, or an IP-Adapter
    ip_adapter: ModelPatcher | None = None  # from Load IP-Adapter


def check_connected(reference_by: str, connected: Collection[str]) -> None:
    """Raises ValueError for the first part that shows the photo by this option, and is not among the connected ones."""
    for part, wanted in NEEDED_BY[reference_by].items():
        if wanted and part not in connected:
            raise ValueError(f"reference_by is {reference_by}, but {part} is not connected: connect {wanted}.")


def check_shown(parts: Parts, settings: HostSettings) -> None:
    """Raises ValueError where what shows the photo is not there, or does not fit the others; it loads nothing."""
    check_connected(settings.reference_by, [part for part in SHOWING_PARTS if getattr(parts, part) is not None])
    if settings.reference_by == BY_ADAPTER:
        net = parts.ip_adapter.model
        check_adapter(parts.model, net)
        check_vision(parts.clip_vision, net)


def show_photo(
    parts: Parts, model: ModelPatcher, positive: Conditioning, image: Tensor, size: tuple[int, int], settings: HostSettings
) -> tuple[ModelPatcher, Conditioning]:
    """Returns MODEL and positive conditioning that see a photo (1, H, W, 3), brought to a size (width, height).

    Raises ValueError for parts that do not fit each other.
    """
    width, height = size
    if settings.reference_by == BY_ENCODER:
        how = {"width": width, "height": height, "fit": settings.fit}
        return apply_reference_image(model, parts.appearance_encoder, parts.vae, image, **how), positive
    if settings.reference_by == BY_NOTHING:
        return model, positive
    photo = fit_photo(image, width, height, settings.fit)
    if settings.reference_by == BY_CLIP:
        return model, show_to_text(positive, image_tokens(parts.clip_vision, photo))
    seen = photo_embeddings(parts.clip_vision, photo, parts.ip_adapter.model.pooled)
    return apply_ip_adapter(model, parts.ip_adapter, seen, settings.ip_adapter_scale), positive
