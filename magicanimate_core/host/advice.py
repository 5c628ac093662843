"""What is allowed, but hardly meant: said once per run, in the host's log."""

import logging
from functools import partial

import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from comfy.samplers import Sampler
from torch import Tensor

from ..weights.made_for import MadeFor, hardly_meant
from .run import KEY, add_wrapper_once
from .sampling import spaced_sigmas
from .temporal import motion_of

LOG = logging.getLogger(__name__)
STEPS_KEY = f"{KEY}.made_for"
FORGOTTEN = (
    "MagicAnimate: this MODEL has no temporal blocks, so that each of the %d frames is an image of its own and the video "
    "flickers. Put Load Temporal UNet after the checkpoint."
)


def with_advice(model: ModelPatcher) -> ModelPatcher:
    """Lets every sampling run of this ModelPatcher say what is hardly meant; returns it."""
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, _advise, f"{KEY}.advice")
    return model


def with_steps_advice(model: ModelPatcher, made_for: MadeFor | None) -> ModelPatcher:
    """Lets every run of a temporal UNet say where it is not what its weights were made for (None: anything); returns it."""
    model.remove_wrappers_with_key(WrappersMP.OUTER_SAMPLE, STEPS_KEY)  # of other weights
    if made_for is not None:
        add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, partial(_advise_steps, made_for), STEPS_KEY)
    return model


def _advise_steps(
    made_for: MadeFor, executor: WrapperExecutor, noise: Tensor, latent_image: Tensor, sampler: Sampler, sigmas: Tensor,
    *args, **kwargs,
) -> Tensor:  # fmt: skip
    """noise, latent_image: (F, 4, h, w). sigmas: (steps + 1,)."""
    guider = executor.class_obj
    expected = spaced_sigmas(guider.model_patcher, made_for.scheduler, made_for.steps)
    spaced = sigmas.shape == expected.shape and torch.allclose(sigmas.cpu(), expected, rtol=0.01)
    cfg = getattr(guider, "cfg", made_for.cfg)  # a guider of another node may have none
    if not spaced or cfg != made_for.cfg:
        asked = f"{len(sigmas) - 1} steps{'' if spaced else ' of another schedule'}, cfg {cfg:g}"
        LOG.warning("MagicAnimate: %s", hardly_meant(made_for, asked))
    return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)


def _advise(executor: WrapperExecutor, noise: Tensor, *args, **kwargs) -> Tensor:
    """noise: (F, 4, h, w)."""
    if noise.shape[0] > 1 and motion_of(executor.class_obj.model_patcher) is None:
        LOG.warning(FORGOTTEN, noise.shape[0])
    return executor(noise, *args, **kwargs)
