"""The denoising loop: windows of a step, fused, one DDIM step for the whole clip (Eq. 4, Sec. 3.3)."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor

from ..method.noise import SPACINGS, TRAIN_TIMESTEPS, pad_noise, repeat_noise
from ..method.per_frame import PerFrame
from ..method.windows import FUSE_METHODS, SCHEDULES, Fusion, needed_later, padded_length, share_out
from ..options import Settings
from .models import Models

LATENT_SCALE = 0.18215

Poses = Callable[[list[int]], Tensor]  # frame indices -> DensePose images (n, 3, 8 H, 8 W), RGB in [0, 1]


@dataclass
class Conditions:
    """Everything that steers a clip, on the models' device and in their dtype."""

    reference: Tensor  # the VAE's mean of the reference image, scaled, (1, 4, H, W)
    positive: Tensor  # text tokens (1, L, D)
    negative: Tensor  # (1, L, D)
    poses: Poses
    pose_count: int  # later frames repeat the last pose


@dataclass
class Workers:
    """Processes that share the windows of a step. `reduce` sums a tensor over all of them, in place."""

    rank: int = 0
    count: int = 1
    reduce: Callable[[Tensor], None] = lambda tensor: None


ALONE = Workers()


def ddim(settings: Settings, prediction: str = "epsilon"):
    """The published noise schedule and sampler, as diffusers' own class. prediction: what the UNet predicts."""
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(
        num_train_timesteps=TRAIN_TIMESTEPS, beta_start=0.00085, beta_end=0.012, beta_schedule="linear",
        clip_sample=False, set_alpha_to_one=True, steps_offset=1, timestep_spacing="leading", prediction_type=prediction,
    )  # fmt: skip
    scheduler.set_timesteps(settings.steps)
    scheduler.timesteps = torch.tensor(SPACINGS[settings.scheduler](settings.steps))
    return scheduler


def denoise(
    models: Models,
    conditions: Conditions,
    latents: Tensor,
    settings: Settings,
    workers: Workers = ALONE,
    first_step: int = 0,
) -> Iterator[Tensor]:
    """Latents after each step, (N, 4, H, W) fp32 off the device; starts with the noise of the padded clip in `latents`.

    All processes yield the same; first_step > 0 goes on from an earlier run's latents.
    """
    scheduler = ddim(settings, models.prediction)
    for step in range(first_step, settings.steps):
        t = scheduler.timesteps[step]
        predicted = predict(models, conditions, latents, t, settings, workers)
        latents = scheduler.step(predicted, t, latents, eta=0.0).prev_sample
        yield latents


@torch.inference_mode()
def predict(models: Models, conditions: Conditions, latents: Tensor, t, settings: Settings, workers: Workers) -> Tensor:
    """Guided prediction for a whole clip, (N, 4, H, W): every window's, averaged where windows share frames."""
    frames = latents.shape[0]
    halves = 1 if settings.cfg == 1 else 2  # without guidance the unconditional half is for nobody
    windows = SCHEDULES[settings.context_schedule].windows(frames, settings.context_length, settings.context_overlap)
    mine = [windows[i] for i in share_out(len(windows), workers.rank, workers.count)]
    # in fp64, so that the order of the windows does not matter
    fusion = Fusion(frames, halves * latents[0].numel(), torch.float64)
    for window, outputs in predict_windows(models, conditions, latents, t, settings, mine, halves):
        weights = torch.tensor(FUSE_METHODS[settings.fuse_method](len(window)), dtype=torch.float64)
        fusion.add(window, rearrange(outputs, "b f c h w -> f (b c h w)"), weights)
    workers.reduce(fusion.sums)
    mean = fusion.mean().to(latents.dtype).unflatten(1, (halves, *latents.shape[1:]))
    *uncond, cond = mean.unbind(1)  # each (F, 4, h, w)
    return uncond[0] + settings.cfg * (cond - uncond[0]) if uncond else cond


def predict_windows(models: Models, conditions: Conditions, latents: Tensor, t, settings: Settings, windows, halves: int):
    """(window, predictions (halves, F, 4, H, W), unconditional first) for each window, off the device."""
    if not windows:
        return
    timestep = torch.as_tensor(t, device=models.device)
    features = models.encoder(conditions.reference, timestep, conditions.positive)
    reference = models.unet.keys_values(features)
    references = [None, reference] if halves == 2 else [reference]
    texts = torch.stack([conditions.negative[0], conditions.positive[0]][-halves:])  # (halves, L, D)
    waiting = PerFrame(park=lambda r: r.to("cpu", copy=True), fetch=lambda r: r.to(models.device))
    for window, later in zip(windows, needed_later(windows), strict=True):
        x = latents[window].to(models.device, models.dtype)  # (F, 4, H, W)
        residuals = window_residuals(models, conditions, latents, timestep, settings, window, waiting, later)
        out = models.unet(
            torch.cat([x] * halves),
            timestep,
            texts.repeat_interleave(len(window), 0),
            frames=len(window),
            references=references,
            residuals=residuals and [torch.cat([r] * halves) for r in residuals],
        )
        yield window, out.float().cpu().unflatten(0, (halves, -1))


def window_residuals(models: Models, conditions: Conditions, latents, timestep, settings: Settings, window, waiting, later):
    """The ControlNet's outputs for a window's frames (Eq. 3), skips then middle; conditional text only."""
    if settings.pose_strength == 0:
        return None

    # Batches of the same frames whichever process computes them: a matrix product's last bits depend on its size.
    group = math.gcd(settings.context_length, settings.context_length - settings.context_overlap, latents.shape[0])

    def compute(frames: list[int]) -> list[Tensor]:
        groups = [run([f for f in frames if f // group == g]) for g in dict.fromkeys(f // group for f in frames)]
        return [torch.cat(outputs) for outputs in zip(*groups, strict=True)]

    def run(frames: list[int]) -> list[Tensor]:
        hints = conditions.poses([min(f, conditions.pose_count - 1) for f in frames])
        skips, middle = models.controlnet(
            latents[frames].to(models.device, models.dtype),
            timestep,
            encoder_hidden_states=conditions.positive.expand(len(frames), -1, -1),
            controlnet_cond=hints.to(models.device, models.dtype),
            conditioning_scale=settings.pose_strength,
            return_dict=False,
        )
        return [*skips, middle]

    return waiting.gather(window, later, compute)


def initial_noise(settings: Settings, poses: int, height: int, width: int) -> Tensor:
    """Noise for all padded frames from the seed, (N, 4, H, W), the same as the Animate node's."""
    length = settings.context_length
    drawn = torch.randn(
        (length if settings.shared_noise else poses, 4, height, width), generator=torch.manual_seed(settings.seed)
    )
    noise = repeat_noise(drawn, poses) if settings.shared_noise else drawn
    return pad_noise(noise, padded_length(settings.context_schedule, poses, length), length)
