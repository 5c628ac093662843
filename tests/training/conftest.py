"""Nets of a hundredth of a hundredth of the size, and batches for them."""

import pytest
import torch
from pack.magicanimate_core.weights import architecture as arch

SHAPE = arch.UNetShape((32, 32), (True, True), 8, res_blocks=1)


def new_animation(stage: str, weighting: str = "eps", seed: int = 0, prediction: str = "epsilon", **loss):
    """All parts with random weights, also those that begin at zero: nothing may hide behind a zero."""
    from diffusers import ControlNetModel
    from pack.magicanimate_core.method.motion_module import MotionLayout, MotionModule
    from pack.magicanimate_core.pipeline.base import build_unet
    from pack.magicanimate_core.training.animation import Animation, Loss

    torch.manual_seed(seed)
    unet, encoder = build_unet(SHAPE), build_unet(SHAPE)
    controlnet = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(16, 32, 96, 256))
    for parameter in controlnet.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    motion = MotionModule(MotionLayout(arch.temporal_widths(SHAPE))) if stage == "2" else None
    return Animation(unet, encoder, controlnet, motion, torch.randn(1, 3, 8), stage, prediction, Loss(weighting, **loss))


def new_batch(references: int = 2, frames: int = 3, seed: int = 1) -> dict:
    """What Animation.forward takes, 32 x 32 pixels."""
    generator = torch.Generator().manual_seed(seed)
    shape = (references, frames, 4, 4, 4)
    return {
        "latents": torch.randn(shape, generator=generator),
        "noise": torch.randn(shape, generator=generator),
        "reference": torch.randn((references, 4, 4, 4), generator=generator),
        "poses": torch.rand((references, frames, 3, 32, 32), generator=generator),
        "timesteps": torch.randint(0, 1000, (references,), generator=generator),
        "with_reference": torch.ones(references, dtype=torch.bool),
        "rollout": torch.zeros(references, dtype=torch.bool),
        "parts": torch.randint(0, 25, (references, frames, 8, 8), generator=generator, dtype=torch.uint8),
        "reference_parts": torch.randint(0, 25, (references, 8, 8), generator=generator, dtype=torch.uint8),
    }


@pytest.fixture
def animation():
    return new_animation


@pytest.fixture
def batch():
    return new_batch
