"""Noise, sigmas, and the whole animation as one composition of the other seams."""

from dataclasses import dataclass
from typing import Protocol

import comfy.sample
import comfy.samplers
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ..media.densepose import ANY_COLOURS
from ..media.images import fit_poses, target_size
from ..method.noise import TIMESTEPS, last_timesteps, pad_noise, repeat_noise
from ..method.windows import padded_length
from ..pose.colours import check_pose_video
from .guidance import apply_guidance
from .latents import check_latents
from .long_clip import apply_windows
from .noise_schedule import sigmas_at
from .options import HostSettings
from .pose import Conditioning, apply_pose
from .reference import check_reference
from .run import with_options
from .showing import Parts, check_shown, show_photo
from .temporal import motion_of, without_temporal_attention
from .watching import WATCH, Watch


class Noise(Protocol):
    """The host's NOISE."""

    seed: int

    def generate_noise(self, input_latent: dict) -> Tensor:
        """Returns noise of the shape of the latent's samples (F, 4, h, w)."""


@dataclass
class SharedNoise:
    """All segments start from the same noise (Sec. 3.3): frame f gets frame f mod K."""

    seed: int
    context_length: int = 16

    def generate_noise(self, input_latent: dict) -> Tensor:
        """Returns noise of the shape of the latent's samples (F, 4, h, w)."""
        latent = input_latent["samples"]
        segment = latent[:1].expand(self.context_length, *latent.shape[1:])
        return repeat_noise(comfy.sample.prepare_noise(segment, self.seed), latent.shape[0])


@dataclass
class SeparateNoise:
    """The host's ordinary noise: every frame its own."""

    seed: int

    def generate_noise(self, input_latent: dict) -> Tensor:
        """Returns noise of the shape of the latent's samples (F, 4, h, w)."""
        return comfy.sample.prepare_noise(input_latent["samples"], self.seed, input_latent.get("batch_index"))


def spaced_sigmas(model: ModelPatcher, spacing: str, steps: int, denoise: float = 1.0) -> Tensor:
    """Returns the sigmas at the timesteps of a spacing, then 0, (steps + 1,). denoise < 1: the last `steps` of a longer row.

    Raises ValueError for a number of steps that the spacing, or a distilled MODEL, does not have.
    """
    if denoise <= 0:
        return torch.empty(0)
    sigmas = sigmas_at(model, last_timesteps(spacing, steps, denoise))
    if (sigmas.diff() >= 0).any():
        raise ValueError(
            f"{steps} steps at denoise {denoise} are too close to tell apart: take fewer steps or more denoise."
        )
    return torch.cat([sigmas, torch.zeros(1)])


def sampling_sigmas(model: ModelPatcher, settings: HostSettings) -> Tensor:
    """Returns the sigmas (steps + 1,) of our timesteps, or the host's by name, as its KSampler would use them."""
    if settings.scheduler in TIMESTEPS:
        return spaced_sigmas(model, settings.scheduler, settings.steps)
    sampler = comfy.samplers.KSampler(
        model, settings.steps, model.load_device, settings.sampler_name, settings.scheduler, denoise=1.0
    )
    return sampler.sigmas


def check_pictures(reference_image: Tensor, pose_video: Tensor, settings: HostSettings) -> None:
    """Raises ValueError unless a photo (1, H, W, 3) and poses (F, H, W, 3) can be animated. It needs no model."""
    check_reference(reference_image)
    check_pose_video(pose_video, settings.pose_colours if settings.pose_strength else ANY_COLOURS)


def sample_animation(
    parts: Parts,
    positive: Conditioning,
    negative: Conditioning,
    *,
    reference_image: Tensor,
    pose_video: Tensor,
    settings: HostSettings,
    noise: Noise | None = None,
) -> Tensor:
    """Animates one reference image (1, H, W, 3) along F poses (F, H, W, 3); returns F latents (F, 4, h, w), in order.

    noise: for all padded frames, in place of the settings' seed and shared_noise. Raises ValueError, before any work, for
    inputs that cannot be used together.
    """
    _check(parts, reference_image, pose_video, settings)
    width, height = target_size(settings.width, settings.height, pose_video)
    frames = pose_video.shape[0]
    total = padded_length(settings.context_schedule, frames, settings.context_length)
    latent = torch.zeros(total, 4, height // 8, width // 8)
    initial = _initial_noise(settings, noise, latent, frames)
    sigmas = sampling_sigmas(parts.model, settings)
    model = _windowed(parts.model, settings, frames)
    poses = fit_poses(pose_video, width, height, settings.fit)
    model, positive = show_photo(parts, model, positive, reference_image, (width, height), settings)
    positive, negative = apply_pose(positive, negative, parts.control_net, poses, strength=settings.pose_strength)
    model = apply_guidance(model, settings, sigmas)
    watch = Watch(model, len(sigmas) - 1, frames)
    return _sample(model, initial, latent, sigmas, positive, negative, settings, watch)[:frames]


def _check(parts: Parts, reference_image: Tensor, pose_video: Tensor, settings: HostSettings) -> None:
    """Raises ValueError for parts that do not animate, and for a photo or poses that cannot be animated."""
    if motion_of(parts.model) is None:
        raise ValueError("This MODEL has no temporal blocks: put Load Temporal UNet before Animate.")
    check_shown(parts, settings)
    check_latents(parts.model, parts.vae)
    check_pictures(reference_image, pose_video, settings)


def _windowed(model: ModelPatcher, settings: HostSettings, frames: int) -> ModelPatcher:
    """The MODEL in windows over a clip of `frames`, its temporal layers as the settings have them."""
    model = apply_windows(model, settings, frames)
    return model if settings.temporal_attention else without_temporal_attention(model)


def _initial_noise(settings: HostSettings, noise: Noise | None, latent: Tensor, frames: int) -> Tensor:
    """Noise for all padded frames, of the shape of `latent` (F, 4, h, w). Raises ValueError for a NOISE of another shape."""
    if noise is None:
        source = (
            SharedNoise(settings.seed, settings.context_length) if settings.shared_noise else SeparateNoise(settings.seed)
        )
        return pad_noise(source.generate_noise({"samples": latent[:frames]}), latent.shape[0], settings.context_length)
    generated = noise.generate_noise({"samples": latent})
    if generated.shape != latent.shape:
        raise ValueError(
            f"noise gives {tuple(generated.shape)}, but this clip needs {tuple(latent.shape)} "
            f"({frames} frames, padded to {latent.shape[0]})."
        )
    return generated


def _sample(
    model: ModelPatcher, noise: Tensor, latent: Tensor, sigmas: Tensor, positive: Conditioning, negative: Conditioning,
    settings: HostSettings, watch: Watch,
) -> Tensor:  # fmt: skip
    """The host's sampling of (F, 4, h, w), under the eyes of the user."""
    model = model.clone()
    model.model_options = with_options(model.model_options, {WATCH: watch})
    return comfy.sample.sample_custom(
        model,
        noise,
        settings.cfg,
        comfy.samplers.sampler_object(settings.sampler_name),
        sigmas,
        positive,
        negative,
        latent,
        callback=watch.after_step,
        disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
        seed=settings.seed,
    )
