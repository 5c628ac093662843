"""Noise, sigmas, and the whole animation as one composition of the other seams."""

from dataclasses import dataclass

import comfy.sample
import comfy.samplers
import comfy.utils
import latent_preview
import torch
from torch import Tensor

from ..media.images import DENSEPOSE_BACKGROUND, check_image, fit_image, target_size
from ..method.noise import SPACINGS, pad_noise, repeat_noise
from .control import apply_pose
from .reference import apply_reference, check_fit, encode_image
from .sliding import SlidingWindows, apply_sliding_windows
from .temporal import motion_module

OFFICIAL = "official"


@dataclass
class SharedNoise:
    """The host's NOISE: all segments start from the same noise (Sec. 3.3). Frame f gets frame f mod K."""

    seed: int
    context_length: int = 16

    def generate_noise(self, input_latent: dict) -> Tensor:
        latent = input_latent["samples"]  # (N, 4, H, W)
        segment = latent[:1].expand(self.context_length, *latent.shape[1:])
        return repeat_noise(comfy.sample.prepare_noise(segment, self.seed), latent.shape[0])


@dataclass
class OwnNoise:
    """The host's ordinary noise: every frame its own."""

    seed: int

    def generate_noise(self, input_latent: dict) -> Tensor:
        return comfy.sample.prepare_noise(input_latent["samples"], self.seed, input_latent.get("batch_index"))


def spaced_sigmas(model, spacing: str, steps: int, denoise: float = 1.0) -> Tensor:
    """Sigmas at the timesteps of a spacing, at any step count, then 0. With denoise < 1 the last `steps` of a longer row."""
    if denoise <= 0:
        return torch.empty(0)
    timesteps = SPACINGS[spacing](int(steps / denoise))[-steps:]
    sigmas = model.get_model_object("model_sampling").sigmas.cpu()
    return torch.cat([sigmas[timesteps], torch.zeros(1)])


def sampling_sigmas(model, scheduler: str, sampler_name: str, steps: int) -> Tensor:
    """`official`, `trailing`, or the host's sigmas by name, as its KSampler would use them."""
    if scheduler in SPACINGS:
        return spaced_sigmas(model, scheduler, steps)
    return comfy.samplers.KSampler(model, steps, model.load_device, sampler_name, scheduler, denoise=1.0).sigmas


def fit_reference(image: Tensor, width: int, height: int, fit: str) -> Tensor:
    """The reference image (1, H, W, 3) at the chosen size. Borders of a padded one are grey."""
    return fit_image(image, width, height, fit, _resize("lanczos"), (0.5, 0.5, 0.5))


def fit_poses(video: Tensor, width: int, height: int, fit: str) -> Tensor:
    """The pose video (N, H, W, 3) at the chosen size, in its own colours only: part labels must not be mixed."""
    return fit_image(video, width, height, fit, _resize("nearest-exact"), DENSEPOSE_BACKGROUND)


def _resize(method: str):
    return lambda pixels, width, height: comfy.utils.common_upscale(pixels, width, height, method, "disabled")


def check_reference(image: Tensor) -> None:
    check_image(image, "reference_image")
    if image.shape[0] != 1:
        raise ValueError(f"reference_image is a batch of {image.shape[0]} images; expected one (ImageFromBatch picks it).")


def reference_on_model(model, encoder, vae, image: Tensor, width: int, height: int, fit: str):
    """MODEL whose conditional rows see the reference image. width, height in pixels; 0: the image's own."""
    check_reference(image)
    check_fit(model, encoder)
    width, height = target_size(width, height, image)
    return apply_reference(model, encoder, encode_image(vae, fit_reference(image, width, height, fit)))


@dataclass(frozen=True)
class Models:
    model: object  # MODEL from Load Temporal UNet
    appearance_encoder: object  # ModelPatcher
    control_net: object  # CONTROL_NET
    vae: object  # VAE


@dataclass(frozen=True)
class Clip:
    """What is animated, and at which size (pixels; 0: the pose video's)."""

    image: Tensor  # reference image (1, H, W, 3)
    poses: Tensor  # pose video (N, H, W, 3)
    width: int = 0
    height: int = 0
    fit: str = "crop"
    pose_strength: float = 1.0


@dataclass(frozen=True)
class Sampling:
    seed: int
    steps: int = 25
    cfg: float = 7.5
    sampler_name: str = "ddim"
    scheduler: str = OFFICIAL
    shared_noise: bool = True
    noise: object = None  # a NOISE for all padded frames, in place of seed and shared_noise


def animate(models: Models, positive, negative, clip: Clip, sampling: Sampling, windows: SlidingWindows) -> Tensor:
    """One reference image and N poses -> N latents (N, 4, H / 8, W / 8), in order."""
    motion = motion_module(models.model)
    if motion is None:
        raise ValueError("This MODEL has no temporal blocks: put Load Temporal UNet before Animate.")
    check_reference(clip.image)
    check_image(clip.poses, "pose_video")
    width, height = target_size(clip.width, clip.height, clip.poses)
    frames = clip.poses.shape[0]
    latent = torch.zeros(windows.padded(frames), 4, height // 8, width // 8)
    noise = _initial_noise(sampling, latent, frames, windows.context_length)
    sigmas = sampling_sigmas(models.model, sampling.scheduler, sampling.sampler_name, sampling.steps)

    model = apply_sliding_windows(models.model, windows, motion.layout.max_length)
    poses = fit_poses(clip.poses, width, height, clip.fit)
    positive, negative = apply_pose(positive, negative, models.control_net, poses, clip.pose_strength)
    model = reference_on_model(model, models.appearance_encoder, models.vae, clip.image, width, height, clip.fit)
    return _sample(model, noise, latent, sigmas, positive, negative, sampling)[:frames]


def _initial_noise(sampling: Sampling, latent: Tensor, frames: int, length: int) -> Tensor:
    """Noise for all padded frames, of the shape of `latent`."""
    if sampling.noise is None:
        source = SharedNoise(sampling.seed, length) if sampling.shared_noise else OwnNoise(sampling.seed)
        return pad_noise(source.generate_noise({"samples": latent[:frames]}), latent.shape[0], length)
    noise = sampling.noise.generate_noise({"samples": latent})
    if noise.shape != latent.shape:
        raise ValueError(
            f"noise gives {tuple(noise.shape)}, but this clip needs {tuple(latent.shape)} "
            f"({frames} frames, padded to {latent.shape[0]})."
        )
    return noise


def _sample(model, noise: Tensor, latent: Tensor, sigmas: Tensor, positive, negative, sampling: Sampling) -> Tensor:
    """The host's sampling, with its progress bar and previews."""
    return comfy.sample.sample_custom(
        model,
        noise,
        sampling.cfg,
        comfy.samplers.sampler_object(sampling.sampler_name),
        sigmas,
        positive,
        negative,
        latent,
        callback=latent_preview.prepare_callback(model, len(sigmas) - 1),
        disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
        seed=sampling.seed,
    )
