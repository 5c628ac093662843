"""All that animates, in diffusers' and transformers' classes: a base model and the three files of the published layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..method.baselines import ADAPTER, MAGICANIMATE, METHODS, TOKENS, Method
from ..method.motion_module import MotionModule
from ..weights.files import file_name
from ..weights.ip_adapter import read_adapter
from ..weights.published import CONTROLNET, ENCODER, MOTION, PUBLISHED, controlnet_shape, encoder_weights, motion_weights
from . import prompts
from .base import build_unet, load_base, open_weights, read_weights, unet_arguments
from .image_prompt import ImagePrompt, check_tokens, load_image_encoder, put_adapter
from .nets import AppearanceEncoder, Nets, TemporalUNet, freeze

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, ControlNetModel


@dataclass(kw_only=True)
class Models:
    """The nets, and what stands around them: from pixels and words, to pixels."""

    nets: Nets
    vae: "AutoencoderKL"
    text_encoder: nn.Module  # transformers' CLIPTextModel, or prompts.EmptyPrompt
    tokenizer: prompts.Tokenizer | None = None
    image: ImagePrompt | None = None  # what sees the photo where no appearance encoder does

    def to(self, device: torch.device | str, dtype: torch.dtype) -> "Models":
        """Moves everything, for use without training. Returns itself."""
        self.nets.to(device, dtype)
        for part in (self.vae, self.text_encoder, *([self.image.model] if self.image else [])):
            freeze(part, device, dtype)
        return self


@dataclass(frozen=True, kw_only=True)
class ImageFiles:
    """Files of what sees the photo where no appearance encoder does."""

    image_encoder: Path | None = None  # a folder of transformers
    ip_adapter: Path | None = None
    scale: float = 1.0  # factor on what the IP-Adapter adds


def load_models(
    base: Path, magicanimate: Path, vae: Path | None = None, prediction: str = "", *,
    method: Method = METHODS[MAGICANIMATE], image: ImageFiles | None = None,
) -> Models:  # fmt: skip
    """Loads everything that a method needs, in fp32, on the CPU.

    base: a diffusers folder or a single-file SD 1.5 checkpoint. magicanimate: folder of the published layout.
    vae: a diffusers folder or a single file, in place of the base model's own. image: needed where no appearance encoder
    shows the photo.
    Raises FileNotFoundError for a missing file, WrongFile for one that holds something else or does not fit the others.
    """
    files = {name: find_published(magicanimate, name) for name in method.parts}
    prompt = _load_image_prompt(method, image)
    motion = load_motion(files["temporal_attention"]) if method.temporal else None
    loaded = load_base(base, vae, prediction)
    if prompt is not None and prompt.adapter is not None:
        put_adapter(loaded.unet, prompt.adapter, image.scale)
    elif prompt is not None:
        check_tokens(prompt, loaded.unet)
    nets = Nets(
        unet=TemporalUNet(loaded.unet, motion, single=not method.temporal),
        encoder=load_encoder(files["appearance_encoder"]) if "appearance_encoder" in files else None,
        controlnet=load_controlnet(files["densepose_controlnet"]),
        prediction=loaded.prediction,
    )
    return Models(nets=nets, vae=loaded.vae, text_encoder=loaded.text_encoder, tokenizer=loaded.tokenizer, image=prompt)


def _load_image_prompt(method: Method, files: ImageFiles | None) -> ImagePrompt | None:
    """What sees the photo of a method without an appearance encoder. Raises FileNotFoundError and WrongFile."""
    if method.photo not in (ADAPTER, TOKENS):
        return None
    adapter = read_adapter(files.ip_adapter, open_weights) if method.photo == ADAPTER else None
    return load_image_encoder(files.image_encoder, adapter)


def find_published(folder: Path, name: str) -> Path:
    """Returns the path of a published file, also under the flat names. Raises FileNotFoundError."""
    place = folder / PUBLISHED[name]
    for path in (place, place.with_suffix(".safetensors"), folder / f"{name}.safetensors", folder / f"{name}.ckpt"):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{place} is missing: download zcxu-eric/MagicAnimate from Hugging Face into {folder}, its folders as they are."
    )


def load_motion(path: Path) -> MotionModule:
    """Loads the temporal attention, fp32. Raises WrongFile."""
    layout, tensors = motion_weights(file_name(path), read_weights(path, MOTION))
    module = MotionModule(layout)
    module.load_state_dict({k: v.float() for k, v in tensors.items()})
    return module


def load_encoder(path: Path) -> AppearanceEncoder:
    """Loads the appearance encoder, fp32. Raises WrongFile."""
    return AppearanceEncoder(build_unet(*encoder_weights(file_name(path), read_weights(path, ENCODER))))


def load_controlnet(path: Path) -> "ControlNetModel":
    """Loads the pose ControlNet, fp32. Raises WrongFile."""
    from diffusers import ControlNetModel

    tensors = read_weights(path, CONTROLNET)
    shape, hint = controlnet_shape(file_name(path), tensors)
    controlnet = ControlNetModel(**unet_arguments(shape), conditioning_embedding_out_channels=hint)
    controlnet.load_state_dict({k: v.float() for k, v in tensors.items()})
    return controlnet


def encode_prompt(models: Models, prompt: str) -> Tensor:
    """Returns the text tokens of a prompt, (1, L, D). Raises ValueError for words that the models do not take."""
    ids = prompts.token_ids(prompt, models.tokenizer)
    with torch.no_grad():
        return models.text_encoder(ids.to(models.nets.device))[0].to(models.nets.dtype)
