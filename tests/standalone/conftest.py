"""Small random models in a diffusers folder and in the published layout, and a drawn photo and clip."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from pack.magicanimate_core.testing import random_weights as rw
from pack.magicanimate_core.weights import architecture as arch
from pack.scripts import sample_inputs
from safetensors.torch import save_file

SHAPE = arch.UNetShape((32, 64, 128, 128), (True, True, True, False), 48)


@dataclass
class Files:
    folder: Path

    base = property(lambda self: self.folder / "sd15")
    magicanimate = property(lambda self: self.folder / "magicanimate")
    photo = property(lambda self: self.folder / "reference.png")
    clip = property(lambda self: self.folder / "densepose.mp4")

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


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    from diffusers import AutoencoderKL
    from pack.magicanimate_core.pipeline.base import build_unet
    from pack.magicanimate_core.pipeline.models import PUBLISHED
    from transformers import CLIPTextConfig, CLIPTextModel

    folder = tmp_path_factory.mktemp("standalone")
    torch.manual_seed(0)

    def tensors(table, seed):
        return rw.random_tensors(rw.unet_shapes(table(SHAPE)), seed)

    build_unet(SHAPE, tensors(arch.unet_tensors, 0)).save_pretrained(folder / "sd15" / "unet")
    AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=[32] * 4, latent_channels=4, norm_num_groups=8,
    ).save_pretrained(folder / "sd15" / "vae")  # fmt: skip
    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, projection_dim=48
    )
    CLIPTextModel(text).save_pretrained(folder / "sd15" / "text_encoder")
    for name, table in (("appearance_encoder", arch.encoder_tensors), ("densepose_controlnet", arch.controlnet_tensors)):
        path = folder / "magicanimate" / PUBLISHED[name]
        path.parent.mkdir(parents=True)
        save_file(tensors(table, len(name)), path)
    path = folder / "magicanimate" / PUBLISHED["temporal_attention"]
    path.parent.mkdir()
    motion = rw.motion_shapes(SHAPE)
    torch.save({"state_dict": rw.random_tensors(motion, 9) | rw.position_tables(motion)}, path)
    sample_inputs.write(folder, size=64, frames=20)
    return Files(folder)


@pytest.fixture(scope="session")
def models(files):
    from pack.magicanimate_core.pipeline.models import load_models

    return load_models(files.base, files.magicanimate).to("cpu", torch.float32)


@pytest.fixture
def conditions(models, files):
    from pack.magicanimate_core.pipeline.denoise import Conditions

    generator = torch.Generator().manual_seed(1)
    reference, positive, negative = (
        torch.randn(shape, generator=generator) for shape in ((1, 4, 8, 8), (1, 77, 48), (1, 77, 48))
    )
    poses = torch.rand(64, 3, 64, 64, generator=generator)
    return Conditions(reference, positive, negative, lambda frames: poses[frames], 64)
