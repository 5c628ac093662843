"""All that animates, in diffusers' and transformers' classes: a base model and the three files of the published layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..method.motion_module import MotionModule
from ..weights.files import file_name
from ..weights.published import CONTROLNET, ENCODER, MOTION, PUBLISHED, controlnet_shape, encoder_weights, motion_weights
from . import prompts
from .base import build_unet, load_base, read_weights, unet_arguments
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

    def to(self, device: torch.device | str, dtype: torch.dtype) -> "Models":
        """Moves everything, for use without training. Returns itself."""
        self.nets.to(device, dtype)
        for part in (self.vae, self.text_encoder):
            freeze(part, device, dtype)
        return self


def load_models(base: Path, magicanimate: Path, vae: Path | None = None, prediction: str = "") -> Models:
    """Loads everything, in fp32, on the CPU.

    base: a diffusers folder or a single-file SD 1.5 checkpoint. magicanimate: folder of the published layout.
    vae: a diffusers folder or a single file, in place of the base model's own.
    Raises FileNotFoundError for a missing file, WrongFile for one that holds something else.
    """
    files = {name: find_published(magicanimate, name) for name in PUBLISHED}
    motion = load_motion(files["temporal_attention"])
    loaded = load_base(base, vae, prediction)
    nets = Nets(
        unet=TemporalUNet(loaded.unet, motion),
        encoder=load_encoder(files["appearance_encoder"]),
        controlnet=load_controlnet(files["densepose_controlnet"]),
        prediction=loaded.prediction,
    )
    return Models(nets=nets, vae=loaded.vae, text_encoder=loaded.text_encoder, tokenizer=loaded.tokenizer)


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
