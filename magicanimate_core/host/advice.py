"""What is allowed, but hardly meant: said once per run, in the host's log."""

import logging

from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from torch import Tensor

from .run import KEY, add_wrapper_once
from .temporal import motion_of

LOG = logging.getLogger(__name__)
FORGOTTEN = (
    "MagicAnimate: this MODEL has no temporal blocks, so that each of the %d frames is an image of its own and the video "
    "flickers. Put Load Temporal UNet after the checkpoint."
)


def with_advice(model: ModelPatcher) -> ModelPatcher:
    """Lets every sampling run of this ModelPatcher say what is hardly meant; returns it."""
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, _advise, f"{KEY}.advice")
    return model


def _advise(executor: WrapperExecutor, noise: Tensor, *args, **kwargs) -> Tensor:
    """noise: (F, 4, h, w)."""
    if noise.shape[0] > 1 and motion_of(executor.class_obj.model_patcher) is None:
        LOG.warning(FORGOTTEN, noise.shape[0])
    return executor(noise, *args, **kwargs)
