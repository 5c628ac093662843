"""One truth: the host's body and diffusers' body give the same latents on the same weights, noise and windows."""

import pytest
import torch
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline import models as m
from pack.magicanimate_core.pipeline.animate import sample_clip
from pack.magicanimate_core.pipeline.base import single_unet
from pack.magicanimate_core.pipeline.conditions import Conditions, PoseImages
from pack.magicanimate_core.pipeline.nets import Nets, TemporalUNet
from pack.magicanimate_core.weights.architecture import LATENT_SCALE


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

    folder, frames = small.folder, 20
    nets = Nets(
        unet=TemporalUNet(
            single_unet(folder / "unet.safetensors", load_file(folder / "unet.safetensors")),
            m.load_motion(folder / "temporal.ckpt"),
        ),
        encoder=m.load_encoder(folder / "encoder.safetensors"),
        controlnet=m.load_controlnet(folder / "control.safetensors"),
    ).to("cpu", torch.float32)
    (positive, _), (negative, _) = (conditioning[0] for conditioning in small.text)
    conditions = Conditions(
        reference=small.vae.encode(small.image()) * LATENT_SCALE,
        positive=positive,
        negative=negative,
        poses=PoseImages(small.poses(frames).movedim(-1, 1)),
    )
    latents = sample_clip(nets, conditions, Settings(seed=3, steps=2, **options))
    assert relative(latents, small.animate(frames, **options) * LATENT_SCALE) < 1e-5
