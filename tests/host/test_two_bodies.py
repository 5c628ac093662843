"""One truth: the host's body and diffusers' body give the same latents on the same weights, noise and windows."""

from dataclasses import replace

import pytest
import torch
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.animate import sample_clip
from pack.magicanimate_core.pipeline.conditions import Conditions, PoseImages
from pack.magicanimate_core.pipeline.models import load_models
from pack.magicanimate_core.pipeline.nets import Nets
from pack.magicanimate_core.testing import tiny
from pack.magicanimate_core.weights.architecture import LATENT_SCALE
from pack.tests.host.small import EIGHTS, Small


@pytest.fixture(scope="module")
def nets(small):
    return load_models(small.files.base, small.files.magicanimate).to("cpu", torch.float32).nets


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"context_schedule": "paper"},
        {"cfg": 1.0},
        {"scheduler": "trailing"},
        {"pose_strength": 0.5},
        {"fuse_method": "pyramid"},
        {"fuse_method": "none"},
        {"temporal_attention": False},
        {"scheduler": "align_your_steps", "steps": 3},
        {"move_windows": True, "context_overlap": 0},
        {"guidance_start": 0.7},
        {"guidance_end": 0.6},
        {"guidance_every": 2, "steps": 4},
    ],
)
def test_host_and_diffusers_agree(small, nets, relative, options):
    frames, options = (10, EIGHTS | options) if options else (20, {})  # all defaults once
    ours, hosts = both(small, nets, frames, options)
    assert relative(ours, hosts) < 1e-5


def test_they_agree_where_every_level_has_two_blocks_too(run, tmp_path, monkeypatch, relative):
    """As Stable Diffusion 1.5's levels have, three going up: the other tests' net has one, and two."""
    import folder_paths

    monkeypatch.setitem(folder_paths.folder_names_and_paths, "magicanimate", ([str(tmp_path)], {".safetensors", ".bin"}))
    deep = Small(tiny.write_tiny(tmp_path, replace(tiny.SHAPE, res_blocks=2), size=Small.SIZE), run)
    nets = load_models(deep.files.base, deep.files.magicanimate).to("cpu", torch.float32).nets
    ours, hosts = both(deep, nets, 10, EIGHTS)
    assert relative(ours, hosts) < 1e-5


def both(small: Small, nets: Nets, frames: int, options: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents by diffusers' body and by the host's."""
    (positive, _), (negative, _) = (conditioning[0] for conditioning in small.text)
    conditions = Conditions(
        reference=small.vae.encode(small.image()) * LATENT_SCALE,
        positive=positive,
        negative=negative,
        poses=PoseImages(small.poses(frames).movedim(-1, 1)),
    )
    latents = sample_clip(nets, conditions, Settings(**{"seed": 3, "steps": 2} | options))
    return latents, small.animate(frames, **options) * LATENT_SCALE
