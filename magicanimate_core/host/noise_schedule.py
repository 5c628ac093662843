"""MagicAnimate's noise schedule on the host's MODEL: linear betas under whatever the UNet predicts."""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import comfy.model_sampling as host
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from comfy.samplers import CFGGuider
from torch import Tensor

from ..method.noise import TRAIN_TIMESTEPS, begins, betas
from .run import add_wrapper_once

BEFORE = "put the sampling node before Load Temporal UNet"


@dataclass
class _Start:
    """Whether the sampler has yet to scale the noise that a run starts from."""

    pending: bool


_START: ContextVar[_Start | None] = ContextVar("start of a run", default=None)


class LinearBetas:
    """Betas that are linear (the host's "linear" is linear in sqrt(beta)), in front of one of the host's samplings."""

    def _register_schedule(self, given_betas: Tensor | None = None, *args, **kwargs) -> None:
        super()._register_schedule(betas(), *args, **kwargs)

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        """Starts an empty latent (F, 4, h, w) from unit noise, as DDIM does; the host only at its own largest sigma.

        Only the start of a run: elsewhere (masks, Add Noise, later steps) noise is as large as sigma says.
        """
        start = _START.get()
        if start is not None and start.pending:
            start.pending = False
            max_denoise = max_denoise or not torch.any(latent_image)
        return super().noise_scaling(sigma, noise, latent_image, max_denoise)


def linear_sampling(model: ModelPatcher) -> host.ModelSamplingDiscrete:
    """Returns a MODEL's sampling (eps, v, x0, LCM's few timesteps, zero terminal SNR) with linear betas.

    Raises ValueError for a sampling that knows no betas.
    """
    current = model.get_model_object("model_sampling")
    if not _has_betas(current):
        raise ValueError(
            "This MODEL samples continuous or other noise (a ModelSampling node before Load Temporal UNet); MagicAnimate "
            "knows only the 1000 timesteps of SD 1.5: remove that node, or use ModelSamplingDiscrete."
        )
    kind = type(current)
    if not isinstance(current, LinearBetas):
        kind = type(f"LinearBetas{kind.__name__}", (LinearBetas, kind), {})
    return kind(zsnr=current.zsnr)


def _has_betas(sampling: torch.nn.Module) -> bool:
    others = (host.EDM, host.ModelSamplingDiscreteEDM, host.StableCascadeSampling, host.IMG_TO_IMG)
    return (
        isinstance(sampling, host.ModelSamplingDiscrete)
        and isinstance(sampling, host.EPS)
        and not isinstance(sampling, others)
    )


def check_schedule(model: ModelPatcher) -> None:
    """Raises ValueError where a later node has put another noise schedule in the place of MagicAnimate's."""
    if not isinstance(model.get_model_object("model_sampling"), LinearBetas):
        raise ValueError(f"A sampling node after Load Temporal UNet replaced MagicAnimate's noise schedule: {BEFORE}.")


def sigmas_at(model: ModelPatcher, timesteps: Sequence[float]) -> Tensor:
    """Returns a MODEL's sigmas at timesteps, (len(timesteps),); the nearest ones that a distilled model (LCM) knows.

    Between two whole timesteps lie sigmas as the host's own schedulers have them.

    Raises ValueError where it does not know so many.
    """
    sampling = model.get_model_object("model_sampling")
    if not isinstance(sampling, host.ModelSamplingDiscrete):
        raise ValueError("This MODEL has no timesteps of SD 1.5: connect the MODEL of Load Temporal UNet.")
    known = sampling.sigmas.cpu()
    if len(known) == TRAIN_TIMESTEPS:
        whole = all(isinstance(t, int) for t in timesteps)
        return known[list(timesteps)] if whole else sampling.sigma(torch.tensor(timesteps)).cpu()
    near = sampling.timestep(sampling.sigma(torch.tensor(timesteps)))
    if len(near.unique()) < len(timesteps):
        raise ValueError(
            f"This MODEL is distilled to {len(known)} timesteps, too few for {len(timesteps)} steps: use fewer."
        )
    return sampling.sigma(near).cpu()


def start_from_noise(model: ModelPatcher) -> None:
    """Lets runs of this ModelPatcher that begin at the beginning of a schedule start as DDIM does."""
    add_wrapper_once(model, WrappersMP.SAMPLER_SAMPLE, _start)


def _start(executor: WrapperExecutor, guider: CFGGuider, sigmas: Tensor, *args, **kwargs) -> Tensor:
    """Samples at sigmas (steps + 1,)."""
    token = _START.set(_Start(_begins(guider.model_patcher, sigmas)))
    try:
        return executor(guider, sigmas, *args, **kwargs)
    finally:
        _START.reset(token)


def _begins(model: ModelPatcher, sigmas: Tensor) -> bool:
    """Whether sigmas (steps + 1,) are the first of a whole row, as against those of a run that another one began."""
    sampling = model.get_model_object("model_sampling")
    first = sigmas[:2].cpu()
    first = first[first > 0]  # a single step ends at zero, which is no timestep
    timesteps = sampling.timestep(first)
    if not torch.allclose(sampling.sigma(timesteps), first, rtol=1e-3):  # between timesteps: no row of ours
        return False
    return begins(timesteps.tolist(), TRAIN_TIMESTEPS // len(sampling.sigmas))
