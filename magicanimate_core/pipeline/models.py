"""All that animates, in diffusers' and transformers' classes: a base model and the three files of the published layout."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..method.motion_module import MotionModule
from ..weights.published import CONTROLNET, ENCODER, MOTION, controlnet_shape, encoder_weights, motion_weights
from . import prompts
from .base import build_unet, load_base, read, unet_arguments
from .nets import AppearanceEncoder, TemporalUNet

PUBLISHED = {
    "appearance_encoder": "appearance_encoder/diffusion_pytorch_model.safetensors",
    "densepose_controlnet": "densepose_controlnet/diffusion_pytorch_model.safetensors",
    "temporal_attention": "temporal_attention/temporal_attention.ckpt",
}


@dataclass
class Models:
    unet: TemporalUNet
    encoder: AppearanceEncoder
    controlnet: nn.Module  # diffusers' ControlNetModel
    vae: nn.Module  # diffusers' AutoencoderKL
    text_encoder: nn.Module  # transformers' CLIPTextModel, or prompts.EmptyPrompt
    tokenizer: prompts.Tokenizer | None = None
    prediction: str = "epsilon"  # what the UNet predicts: epsilon or v_prediction

    def to(self, device, dtype) -> "Models":
        for part in (self.unet, self.encoder, self.controlnet, self.vae, self.text_encoder):
            part.to(device=device, dtype=dtype).eval().requires_grad_(False)
        return self

    @property
    def device(self) -> torch.device:
        return next(self.unet.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.unet.parameters()).dtype


def load_models(base: Path, magicanimate: Path, vae: Path | None = None) -> Models:
    """base: a diffusers folder or a single-file SD 1.5 checkpoint. magicanimate: folder of the published layout.

    vae: a diffusers folder or a single file, in place of the base model's own.
    """
    files = {name: _published(magicanimate, name) for name in PUBLISHED}
    motion = load_motion_module(files["temporal_attention"])
    parts = load_base(base, vae)
    return Models(
        unet=TemporalUNet(parts.unet, motion),
        encoder=load_encoder(files["appearance_encoder"]),
        controlnet=load_controlnet(files["densepose_controlnet"]),
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        prediction=parts.prediction,
    )


def _published(folder: Path, name: str) -> Path:
    wanted = folder / PUBLISHED[name]
    for path in (wanted, wanted.with_suffix(".safetensors"), folder / f"{name}.safetensors", folder / f"{name}.ckpt"):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{wanted} is missing: download zcxu-eric/MagicAnimate from Hugging Face into {folder}, its folders as they are."
    )


def load_motion_module(path: Path) -> MotionModule:
    layout, tensors = motion_weights(path.name, read(path, MOTION))
    module = MotionModule(layout)
    module.load_state_dict({k: v.float() for k, v in tensors.items()})
    return module


def load_encoder(path: Path) -> AppearanceEncoder:
    return AppearanceEncoder(build_unet(*encoder_weights(path.name, read(path, ENCODER))))


def load_controlnet(path: Path):
    from diffusers import ControlNetModel

    tensors = read(path, CONTROLNET)
    shape, hint = controlnet_shape(path.name, tensors)
    controlnet = ControlNetModel(**unet_arguments(shape), conditioning_embedding_out_channels=hint)
    controlnet.load_state_dict({k: v.float() for k, v in tensors.items()})
    return controlnet


def encode_prompt(models: Models, prompt: str) -> Tensor:
    """Text tokens of a prompt, (1, L, D)."""
    ids = prompts.token_ids(prompt, models.tokenizer)
    with torch.no_grad():
        return models.text_encoder(ids.to(models.device))[0].to(models.dtype)
