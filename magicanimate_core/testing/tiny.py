"""A Stable Diffusion 1.5 of a hundredth of the width, random, in every layout that a user may have."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..pipeline.base import build_unet
from ..weights import architecture as arch
from ..weights.published import PUBLISHED
from . import inputs
from .random_weights import motion_shapes, position_tables, random_tensors, unet_shapes

SHAPE = arch.UNetShape((32, 64, 128, 128), (True, True, True, False), 48, res_blocks=1)


@dataclass(frozen=True)
class Files:
    """A base model, the published files, a photo and a clip."""

    folder: Path

    @property
    def base(self) -> Path:
        return self.folder / "sd15"

    @property
    def magicanimate(self) -> Path:
        return self.folder / "magicanimate"

    @property
    def photo(self) -> Path:
        return self.folder / "reference.png"

    @property
    def clip(self) -> Path:
        return self.folder / "densepose.mp4"

    def command(self, out: Path, *more: str) -> list[str]:
        """Arguments of a quick `animate`."""
        paths = {
            "base": self.base,
            "magicanimate": self.magicanimate,
            "reference": self.photo,
            "pose": self.clip,
            "out": out,
        }
        arguments = [text for name, path in paths.items() for text in (f"--{name}", str(path))]
        return ["animate", *arguments, "--steps", "3", "--device", "cpu", *more]


def write_tiny(folder: Path, shape: arch.UNetShape = SHAPE, size: int = 64, frames: int = 20) -> Files:
    """All of it into `folder`; the photo and the clip are `size` pixels wide and high."""
    files = Files(folder)
    write_base(files.base, shape)
    write_published(files.magicanimate, shape)
    inputs.write_inputs(folder, size=size, frames=frames)
    return files


def write_base(folder: Path, shape: arch.UNetShape = SHAPE) -> None:
    """A diffusers folder: UNet, VAE and text encoder, no tokenizer."""
    from diffusers import AutoencoderKL
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    build_unet(shape, random_tensors(unet_shapes(arch.unet_tensors(shape)), 0)).save_pretrained(folder / "unet")
    AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=[32] * 4, latent_channels=4, norm_num_groups=8,
    ).save_pretrained(folder / "vae")  # fmt: skip
    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=shape.context_width, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, projection_dim=48,
    )  # fmt: skip
    CLIPTextModel(text).save_pretrained(folder / "text_encoder")


def write_published(folder: Path, shape: arch.UNetShape = SHAPE) -> None:
    """The three files of MagicAnimate in the published layout."""
    motion = motion_shapes(shape)
    for name, table in (("appearance_encoder", arch.encoder_tensors), ("densepose_controlnet", arch.controlnet_tensors)):
        path = folder / PUBLISHED[name]
        path.parent.mkdir(parents=True)
        save_file(random_tensors(unet_shapes(table(shape)), len(name)), path)
    path = folder / PUBLISHED["temporal_attention"]
    path.parent.mkdir()
    torch.save({"state_dict": random_tensors(motion, 9) | position_tables(motion)}, path)
