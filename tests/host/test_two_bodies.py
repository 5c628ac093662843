"""One truth: the host's body and diffusers' body give the same latents on the same weights, noise and windows."""

import pytest
import torch
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline import models as m
from pack.magicanimate_core.pipeline.base import single_unet
from pack.magicanimate_core.pipeline.denoise import Conditions, denoise, initial_noise
from pack.magicanimate_core.pipeline.nets import TemporalUNet

SCALE = 0.18215


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"context_schedule": "paper"},
        {"cfg": 1.0},
        {"scheduler": "trailing"},
        {"pose_strength": 0.5},
        {"fuse_method": "pyramid"},
    ],
)
def test_host_and_diffusers_agree(small, relative, options):
    from safetensors.torch import load_file

    frames, settings = 20, Settings(seed=3, steps=2, **options)
    folder = small.folder
    parts = (
        TemporalUNet(single_unet(folder / "unet.safetensors", load_file(folder / "unet.safetensors")),
                     m.load_motion_module(folder / "temporal.ckpt")),
        m.load_encoder(folder / "encoder.safetensors"),
        m.load_controlnet(folder / "control.safetensors"),
    )  # fmt: skip
    models = m.Models(*parts, torch.nn.Identity(), torch.nn.Identity()).to("cpu", torch.float32)
    (positive, _), (negative, _) = (conditioning[0] for conditioning in small.text)
    poses = small.poses(frames).movedim(-1, 1)
    conditions = Conditions(small.vae.encode(small.image()) * SCALE, positive, negative, lambda f: poses[f], frames)
    *_, latents = denoise(models, conditions, initial_noise(settings, frames, 8, 8), settings)
    hosts = small.animate(frames, **options) * SCALE
    assert relative(latents[:frames], hosts) < 1e-5
