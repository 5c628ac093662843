"""Rollouts: what two steps of sampling make of noise, so that nets also see their own mistakes and flicker."""

import torch
from torch import Tensor

from ...method.noise import TRAIN_TIMESTEPS
from ..animation import Animation
from ..batch import Batch


def predict_clean(nets: Animation, batch: Batch) -> tuple[Tensor, Tensor]:
    """Returns z_0 and eps as the nets see them in the batch's z_t, each (N, F, 4, h, w)."""
    noisy, noise = nets.schedule.noisy(batch.latents, batch.noise, batch.timesteps), nets.predict(batch)
    return nets.schedule.clean(noisy, noise, batch.timesteps), noise


def two_step_clean(nets: Animation, batch: Batch) -> Tensor:
    """Returns z_0 after two steps of DDIM, (N, F, 4, h, w): from the batch's noise alone, then at its timesteps.

    Gradients reach the second step only; the batch's latents are not looked at.
    """
    last = torch.full_like(batch.timesteps, TRAIN_TIMESTEPS - 1)
    with torch.no_grad():
        clean, noise = predict_clean(nets, batch._replace(latents=torch.zeros_like(batch.latents), timesteps=last))
    return predict_clean(nets, batch._replace(latents=clean, noise=noise))[0]


def rollout_error(nets: Animation, batch: Batch) -> Tensor:
    """Returns sqrt(alpha bar) (z_0 - two_step_clean), (N, F, 4, h, w), in place of eps_theta - eps.

    There is no eps in a z_t that the nets made; this error is as large, up to sqrt(1 - alpha bar).
    """
    alpha = nets.schedule.at(batch.timesteps, batch.latents)
    return alpha.sqrt() * (batch.latents - two_step_clean(nets, batch))
