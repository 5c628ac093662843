"""A photo as CLIP sees it: tokens beside the text's, or what an IP-Adapter reads. diffusers' and transformers' classes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..method.baselines import VIT_L
from ..weights.files import WrongFile, file_name
from ..weights.ip_adapter import IP_ADAPTER, Adapter
from .folders import load_part
from .latents import to_pixels

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel
    from transformers import CLIPVisionModelWithProjection

IMAGE_ENCODER = "CLIP's image model (a folder with config.json: models/image_encoder of h94/IP-Adapter on Hugging Face)"


@dataclass(kw_only=True)
class ImagePrompt:
    """What reads the photo in place of the appearance encoder."""

    model: "CLIPVisionModelWithProjection"
    processor: Callable[..., Any]  # transformers' CLIPImageProcessor: photo -> the model's input
    adapter: Adapter | None = None  # None: the UNet gets CLIP's tokens as they are

    @torch.no_grad()
    def tokens(self, photo: Tensor) -> Tensor:
        """Returns a photo's patches (1, 3, H, W) in [0, 1] in the space of texts, (1, L, D), the whole picture's first."""
        hidden = self.model(self._input(photo)).last_hidden_state  # (1, L, H)
        return self.model.visual_projection(self.model.vision_model.post_layernorm(hidden))

    @torch.no_grad()
    def embeddings(self, photo: Tensor) -> Tensor:
        """Returns what the IP-Adapter reads of no photo and of this one (1, 3, H, W) in [0, 1], (2, E) or (2, L, E)."""
        pixels = self._input(photo)  # (1, 3, h, w)
        if self.adapter.pooled:
            seen = self.model(pixels).image_embeds  # (1, E)
            return torch.cat([torch.zeros_like(seen), seen])
        both = torch.cat([torch.zeros_like(pixels), pixels])
        return self.model(both, output_hidden_states=True).hidden_states[-2]

    def _input(self, photo: Tensor) -> Tensor:
        """(1, 3, H, W) in [0, 1] -> (1, 3, h, w), the middle of the photo."""
        pixels = self.processor(to_pixels(photo)[0], return_tensors="pt").pixel_values
        return pixels.to(self.model.device, self.model.dtype)


def load_image_encoder(folder: Path, adapter: Adapter | None) -> ImagePrompt:
    """Loads CLIP's image model, fp32.

    Raises FileNotFoundError, and WrongFile, also where it does not give what the IP-Adapter reads.
    """
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; expected {IMAGE_ENCODER}.")
    model = load_part(CLIPVisionModelWithProjection, folder, None, IMAGE_ENCODER)
    config = model.config
    gives = config.projection_dim if adapter is None or adapter.pooled else config.hidden_size
    if adapter is not None and gives != adapter.width:
        raise WrongFile(
            f"{adapter.name} reads {adapter.width} numbers of a photo, {file_name(folder)} gives {gives}: "
            "take the image encoder that belongs to this IP-Adapter."
        )
    size = config.image_size
    try:
        processor = CLIPImageProcessor(size=size, crop_size=size)
    except ImportError as error:
        raise ValueError("An image encoder needs torchvision: install the one that belongs to this torch.") from error
    return ImagePrompt(model=model, processor=processor, adapter=adapter)


def check_tokens(prompt: ImagePrompt, unet: "UNet2DConditionModel") -> None:
    """Raises WrongFile unless CLIP's tokens are as wide as this UNet's text."""
    gives, takes = prompt.model.config.projection_dim, unet.config.cross_attention_dim
    if gives != takes:
        raise WrongFile(
            f"The image encoder's tokens are {gives} wide, the base model's text is {takes}: take an image encoder of that "
            f"width (for Stable Diffusion 1.5: {VIT_L})."
        )


def put_adapter(unet: "UNet2DConditionModel", adapter: Adapter, scale: float) -> None:
    """Gives a UNet, as it is loaded, the cross attentions of an IP-Adapter. Raises WrongFile for one of another UNet."""
    from diffusers.loaders import IPAdapterMixin

    names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    keys = [unet.get_submodule(name.removesuffix(".processor")).to_k.weight for name in names]
    adapter.check_unet([tuple(key.shape) for key in keys])

    class Holder(IPAdapterMixin):  # what diffusers' pipelines are to the mixin
        pass

    holder = Holder()
    holder.unet = unet
    parts = {name: adapter.part(name) for name in ("image_proj", "ip_adapter")}
    try:
        holder.load_ip_adapter(parts, subfolder="", weight_name="", image_encoder_folder=None, low_cpu_mem_usage=False)
    except (RuntimeError, KeyError, IndexError) as error:
        raise WrongFile(f"{adapter.name} is damaged ({str(error).splitlines()[0]}); expected {IP_ADAPTER}.") from error
    holder.set_ip_adapter_scale(scale)
