"""A Stable Diffusion 1.5 in diffusers' classes: from a diffusers folder or a single file."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ..weights import architecture as arch
from ..weights.files import file_name, read_tensors
from ..weights.prediction import file_prediction, is_marker, prediction_type
from ..weights.published import UNET, layout_or_refuse, unet_weights
from . import prompts
from .folders import load_part

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, UNet2DConditionModel

VAE_CONFIG = {
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
    "scaling_factor": arch.LATENT_SCALE,
}


@dataclass(kw_only=True)
class Base:
    """A Stable Diffusion 1.5."""

    unet: "UNet2DConditionModel"
    vae: "AutoencoderKL"
    text_encoder: nn.Module
    tokenizer: prompts.Tokenizer | None = None
    prediction: str = "epsilon"  # what the UNet predicts, in diffusers' words: epsilon or v_prediction


def load_base(base: Path, vae: Path | None = None, prediction: str = "") -> Base:
    """Loads a diffusers folder or a single-file checkpoint. vae: a folder or file, in place of the base model's own.

    prediction: what the UNet predicts, for a model that does not say so itself. Raises WrongFile for a file that holds
    something else, ValueError for a prediction that cannot be sampled here, or that the model contradicts.
    """
    if base.is_dir():
        prediction = prediction_type(base, prediction)  # first: nothing has been loaded yet
        text_encoder, tokenizer = prompts.from_folder(base)
        return Base(
            unet=_folder_unet(base),
            vae=load_autoencoder(vae or base),
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            prediction=prediction,
        )
    tensors = read_weights(base, "a Stable Diffusion 1.5 checkpoint or diffusers folder")
    prediction = file_prediction(base, tensors, prediction)
    tensors = {key: tensor for key, tensor in tensors.items() if not is_marker(key)}
    return Base(
        text_encoder=prompts.from_checkpoint(file_name(base), tensors),  # first: only a whole checkpoint has one
        unet=single_unet(base, tensors),
        vae=load_autoencoder(vae) if vae else load_autoencoder(base, tensors),
        prediction=prediction,
    )


def read_weights(path: Path, expected: str) -> dict[str, Tensor]:
    """Reads the tensors of a .safetensors or PyTorch file. Raises WrongFile, with what was `expected`."""
    return read_tensors(path, expected, open_weights)


def open_weights(name: str) -> dict[str, Any]:
    """Returns what is in a .safetensors or PyTorch file, without executing code. Raises what these libraries raise."""
    return load_file(name) if name.endswith((".safetensors", ".sft")) else torch.load(name, "cpu", weights_only=True)


def unet_arguments(shape: arch.UNetShape) -> dict[str, Any]:
    """Gives the constructor arguments of diffusers' UNet2DConditionModel and ControlNetModel."""
    down = tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in shape.attention)
    return {
        "in_channels": shape.latent_channels,
        "block_out_channels": shape.widths,
        "down_block_types": down,
        "layers_per_block": shape.res_blocks,
        "cross_attention_dim": shape.context_width,
        "attention_head_dim": 8,  # in these classes the number of heads
    }


def build_unet(shape: arch.UNetShape, tensors: dict[str, Tensor] | None = None) -> "UNet2DConditionModel":
    """Builds the UNet of this shape, with these weights or new ones."""
    from diffusers import UNet2DConditionModel

    up = tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(shape.attention))
    unet = UNet2DConditionModel(**unet_arguments(shape), out_channels=shape.latent_channels, up_block_types=up)
    if tensors is not None:
        unet.load_state_dict({k: v.float() for k, v in tensors.items()})
    return unet


def _folder_unet(folder: Path) -> "UNet2DConditionModel":
    """The UNet of a diffusers folder. Raises WrongFile, also for one of another model."""
    from diffusers import UNet2DConditionModel

    unet = load_part(UNet2DConditionModel, folder, "unet", UNET)
    unet_weights(f"{folder}/unet", unet.state_dict())
    return unet


def single_unet(path: Path, tensors: dict[str, Tensor]) -> "UNet2DConditionModel":
    """Builds the UNet of a single-file checkpoint or of a file of its own, under the host's names or diffusers'.

    Raises WrongFile for tensors of something else.
    """
    unet = _part(tensors, "model.diffusion_model.")
    if "conv_in.weight" not in unet:  # the host's names
        unet = _diffusers_names(path, unet)
    return build_unet(*unet_weights(file_name(path), unet))


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The part of a whole checkpoint whose keys begin so; all tensors where none do: a file of the part alone."""
    part = {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
    return part if part else tensors


def _diffusers_names(path: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A UNet of SD 1.5's layout under diffusers' names; its widths are those of the first convolution of each level."""

    def read_shape(shapes: arch.Shapes) -> arch.UNetShape:
        widths = tuple(shapes[f"input_blocks.{1 + 3 * i}.0.in_layers.2.weight"][0] for i in range(4))
        text = shapes["middle_block.1.transformer_blocks.0.attn2.to_k.weight"][1]
        return arch.UNetShape(widths, arch.SD15.attention, text)

    specs = arch.unet_tensors(layout_or_refuse(file_name(path), tensors, "a Stable Diffusion 1.5 checkpoint", read_shape))
    return {key: tensors[spec.host_key] for key, spec in specs.items() if spec.host_key in tensors}


def load_autoencoder(path: Path, tensors: dict[str, Tensor] | None = None) -> "AutoencoderKL":
    """Loads the VAE of a diffusers folder (of a VAE or a pipeline) or of a single file, whose `tensors` may be read already.

    Raises WrongFile for a file that cannot be read.
    """
    from diffusers import AutoencoderKL

    if path.is_dir():
        sub = "vae" if (path / "vae").is_dir() else None
        return load_part(AutoencoderKL, path, sub, "a VAE of Stable Diffusion 1.5")
    prefix = "first_stage_model."
    weights = _part(tensors or read_weights(path, "a VAE of Stable Diffusion 1.5"), prefix)
    if any(key.startswith("encoder.down_blocks.") for key in weights):  # diffusers' names in one file
        vae = AutoencoderKL(**VAE_CONFIG)
        vae.load_state_dict({key: tensor.float() for key, tensor in weights.items()})
        return vae
    with tempfile.TemporaryDirectory() as folder:
        AutoencoderKL(**VAE_CONFIG).save_config(folder)
        return AutoencoderKL.from_single_file({prefix + key: tensor for key, tensor in weights.items()}, config=folder)
