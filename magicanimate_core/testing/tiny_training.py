"""Nets in training with random weights, a hundredth of the width unless a shape says otherwise, and what they train on."""

import torch
from torch import Tensor, nn

from ..data import DancerClips, DancerStills
from ..method.motion_module import MotionLayout, MotionModule
from ..pipeline.base import build_unet
from ..training.animation import Animation
from ..training.batch import Batch
from ..training.batches import Batches, Drawing
from ..training.config import LossSettings
from ..training.draws import Joint
from ..training.from_nothing.objective import build_objective
from ..training.from_nothing.vae import VaeSettings, build_vae
from ..training.objective import Objective
from ..training.stages import STAGES
from ..training.task import AnimationTask
from ..weights import architecture as arch

TRAINING_SHAPE = arch.UNetShape((32, 32), (True, True), 8, res_blocks=1)
TINY_VAE = VaeSettings(widths=(8, 8, 8, 8), groups=4)


def random_nets(
    stage: str,
    shape: arch.UNetShape = TRAINING_SHAPE,
    *,
    text: Tensor | None = None,
    prediction: str = "epsilon",
    seed: int = 0,
    zeros: bool = False,
) -> Animation:
    """Builds the nets of a stage. `zeros`: what begins at zero stays so; else it is random, so that nothing hides behind it.

    text: (1, L, D), a single zero where there is none.
    """
    from diffusers import ControlNetModel

    torch.manual_seed(seed)
    unet, encoder = build_unet(shape), build_unet(shape)
    controlnet = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=arch.HINT_WIDTHS)
    for parameter in () if zeros else controlnet.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    row = STAGES[stage]
    motion = MotionModule(MotionLayout(arch.temporal_widths(shape))) if row.temporal else None
    text = torch.zeros(1, 1, shape.context_width) if text is None else text
    return Animation(unet, encoder, controlnet, motion, text, trains=row.trains, prediction=prediction)


def random_objective(
    stage: str, *, prediction: str = "epsilon", rollouts: bool = False, seed: int = 0, **loss: str | float
) -> Objective:
    """Builds the loss of a stage's nets; `loss` as in the config's section."""
    text = torch.randn(1, 3, TRAINING_SHAPE.context_width, generator=torch.Generator().manual_seed(seed))
    nets = random_nets(stage, text=text, prediction=prediction, seed=seed)
    return build_objective(nets, LossSettings(**loss), rollouts)


def random_batch(references: int = 2, frames: int = 3, size: int = 32, seed: int = 1) -> Batch:
    """Draws what nets and loss read, N references with F target frames each, `size` pixels high and wide."""
    torch.manual_seed(seed)
    shape, parts = (references, frames, 4, size // 8, size // 8), (references, frames, size // 4, size // 4)
    return Batch(
        latents=torch.randn(shape),
        noise=torch.randn(shape),
        reference=torch.randn(references, *shape[2:]),
        poses=torch.rand(references, frames, 3, size, size),
        timesteps=torch.randint(0, 1000, (references,)),
        with_reference=torch.ones(references, dtype=torch.bool, device="cpu"),
        rollout=False,
        parts=torch.randint(0, 25, parts, dtype=torch.uint8),
        reference_parts=torch.randint(0, 25, (references, *parts[2:]), dtype=torch.uint8),
    )


def small_task(stage: str = "2") -> AnimationTask:
    """Builds a whole task: nets as a stage begins, a VAE, and drawn people of 32 x 32 pixels."""
    objective = Objective(random_nets(stage, zeros=True))
    vae = build_vae(TINY_VAE).eval().requires_grad_(False)
    drawing = Drawing(batch=2, frames=3, image_batch=2, stride=(1, 2))
    clips, images = DancerClips(3, "train", 9, 32, 32), DancerStills(3, "train", 32, 32)
    batches = Batches(clips, images, drawing, Joint(), temporal=STAGES[stage].temporal, seed=3)
    return AnimationTask(objective, vae, batches)
