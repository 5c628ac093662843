"""A Stable Diffusion 1.5 in diffusers' classes: from a diffusers folder or a single file."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ..weights import architecture as arch
from ..weights.files import read_tensors
from ..weights.published import layout_or_refuse, prediction_type, unet_weights
from . import prompts

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
class Base:
    """A Stable Diffusion 1.5."""

    unet: nn.Module  # diffusers' UNet2DConditionModel
    vae: nn.Module
    text_encoder: nn.Module
    tokenizer: prompts.Tokenizer | None
    prediction: str = "epsilon"  # what the UNet predicts, in diffusers' words: epsilon or v_prediction


def load_base(base: Path, vae: Path | None = None) -> Base:
    """base: a diffusers folder or a single-file checkpoint. vae: a folder or file, in place of the base model's own."""
    if base.is_dir():
        return Base(_folder_unet(base), load_vae(vae or base, {}), *prompts.from_folder(base), prediction_type(base))
    tensors = read(base, "a Stable Diffusion 1.5 checkpoint or diffusers folder")
    text_encoder = prompts.from_checkpoint(base.name, tensors)
    return Base(single_unet(base, tensors), load_vae(vae or base, {} if vae else tensors), text_encoder, None)


def read(path: Path, expected: str) -> dict[str, Tensor]:
    def load(name: str):
        return load_file(name) if name.endswith((".safetensors", ".sft")) else torch.load(name, "cpu", weights_only=True)

    return read_tensors(path, expected, load)


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


def _folder_unet(folder: Path):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_pretrained(folder, subfolder="unet", local_files_only=True)


def single_unet(path: Path, tensors: dict[str, Tensor]):
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

    specs = arch.unet_tensors(layout_or_refuse(path.name, tensors, "a Stable Diffusion 1.5 checkpoint", read_shape))
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
