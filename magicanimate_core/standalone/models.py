"""Model files into diffusers' and transformers' classes: a diffusers folder, a single file, the published layout."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import architecture as arch
from ..checkpoints import read_tensors
from ..motion_module import MotionModule
from ..published import (
    CONTROLNET,
    ENCODER,
    MOTION,
    controlnet_shape,
    encoder_weights,
    motion_weights,
    understood,
    unet_weights,
)
from . import prompts
from .unet import AppearanceEncoder, TemporalUNet

PUBLISHED = {
    "appearance_encoder": "appearance_encoder/diffusion_pytorch_model.safetensors",
    "densepose_controlnet": "densepose_controlnet/diffusion_pytorch_model.safetensors",
    "temporal_attention": "temporal_attention/temporal_attention.ckpt",
}
VAE_CONFIG = {
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}


@dataclass
class Models:
    unet: TemporalUNet
    encoder: AppearanceEncoder
    controlnet: nn.Module  # diffusers' ControlNetModel
    vae: nn.Module  # diffusers' AutoencoderKL
    text_encoder: nn.Module  # transformers' CLIPTextModel, or prompts.EmptyPrompt
    tokenizer: prompts.Tokenizer | None = None

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
    )


@dataclass
class Base:
    """A Stable Diffusion 1.5."""

    unet: nn.Module  # diffusers' UNet2DConditionModel
    vae: nn.Module
    text_encoder: nn.Module
    tokenizer: prompts.Tokenizer | None


def load_base(base: Path, vae: Path | None = None) -> Base:
    """base: a diffusers folder or a single-file checkpoint. vae: a folder or file, in place of the base model's own."""
    if base.is_dir():
        return Base(_folder_unet(base), load_vae(vae or base, {}), *prompts.from_folder(base))
    tensors = read(base, "a Stable Diffusion 1.5 checkpoint or diffusers folder")
    text_encoder = prompts.from_checkpoint(base.name, tensors)
    return Base(_single_unet(base, tensors), load_vae(vae or base, {} if vae else tensors), text_encoder, None)


def read(path: Path, expected: str) -> dict[str, Tensor]:
    def load(name: str):
        return load_file(name) if name.endswith((".safetensors", ".sft")) else torch.load(name, "cpu", weights_only=True)

    return read_tensors(path, expected, load)


def _published(folder: Path, name: str) -> Path:
    wanted = folder / PUBLISHED[name]
    for path in (wanted, wanted.with_suffix(".safetensors"), folder / f"{name}.safetensors", folder / f"{name}.ckpt"):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{wanted} is missing: download zcxu-eric/MagicAnimate from Hugging Face into {folder}, its folders as they are."
    )


def unet_arguments(shape: arch.UNetShape) -> dict:
    """Constructor arguments of diffusers' UNet2DConditionModel and ControlNetModel."""
    down = tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in shape.attention)
    return {
        "in_channels": shape.latent_channels,
        "block_out_channels": shape.widths,
        "down_block_types": down,
        "layers_per_block": shape.res_blocks,
        "cross_attention_dim": shape.context_width,
        "attention_head_dim": 8,  # in these classes the number of heads
    }


def build_unet(shape: arch.UNetShape, tensors: dict[str, Tensor] | None = None):
    """UNet2DConditionModel of this shape, with these weights or new ones."""
    from diffusers import UNet2DConditionModel

    up = tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(shape.attention))
    unet = UNet2DConditionModel(**unet_arguments(shape), out_channels=shape.latent_channels, up_block_types=up)
    if tensors is not None:
        unet.load_state_dict({k: v.float() for k, v in tensors.items()})
    return unet


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
    shape = controlnet_shape(path.name, tensors)
    controlnet = ControlNetModel(**unet_arguments(shape), conditioning_embedding_out_channels=(16, 32, 96, 256))
    controlnet.load_state_dict({k: v.float() for k, v in tensors.items()})
    return controlnet


def _folder_unet(folder: Path):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_pretrained(folder, subfolder="unet", local_files_only=True)


def _single_unet(path: Path, tensors: dict[str, Tensor]):
    """The UNet of a single-file checkpoint: its host names back to diffusers'."""
    prefix = "model.diffusion_model."
    own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)} or tensors
    if "conv_in.weight" not in own:  # the host's names
        own = _diffusers_names(path, own)
    return build_unet(*unet_weights(path.name, own))


def _diffusers_names(path: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A UNet of SD 1.5's layout under diffusers' names; its widths are those of the first convolution of each level."""

    def read_shape(shapes: arch.Shapes) -> arch.UNetShape:
        widths = tuple(shapes[f"input_blocks.{1 + 3 * i}.0.in_layers.2.weight"][0] for i in range(4))
        text = shapes["middle_block.1.transformer_blocks.0.attn2.to_k.weight"][1]
        return arch.UNetShape(widths, arch.SD15.attention, text)

    specs = arch.unet_tensors(understood(path.name, tensors, "a Stable Diffusion 1.5 checkpoint", read_shape))
    return {key: tensors[spec.host_key] for key, spec in specs.items() if spec.host_key in tensors}


def load_vae(path: Path, tensors: dict[str, Tensor]):
    """AutoencoderKL from a diffusers folder (of a VAE or a pipeline) or from a single file."""
    from diffusers import AutoencoderKL

    if path.is_dir():
        sub = "vae" if (path / "vae").is_dir() else None
        return AutoencoderKL.from_pretrained(path, subfolder=sub, local_files_only=True)
    tensors = tensors or read(path, "a VAE of Stable Diffusion 1.5")
    own = {
        k.removeprefix("first_stage_model."): v for k, v in tensors.items() if k.startswith("first_stage_model.")
    } or tensors
    if any(k.startswith("encoder.down_blocks.") for k in own):  # diffusers' names in one file
        vae = AutoencoderKL(**VAE_CONFIG)
        vae.load_state_dict({k: v.float() for k, v in own.items()})
        return vae
    with tempfile.TemporaryDirectory() as folder:
        AutoencoderKL(**VAE_CONFIG).save_config(folder)
        return AutoencoderKL.from_single_file({f"first_stage_model.{k}": v for k, v in own.items()}, config=folder)


def encode_prompt(models: Models, prompt: str) -> Tensor:
    """Text tokens of a prompt, (1, L, D)."""
    ids = prompts.token_ids(prompt, models.tokenizer)
    with torch.no_grad():
        return models.text_encoder(ids.to(models.device))[0].to(models.dtype)
