"""The temporal UNet on the host's MODEL: temporal blocks, window-wide ResNet statistics, MagicAnimate's noise schedule."""

from functools import partial

import comfy.context_windows
import comfy.model_sampling
import torch
from comfy.patcher_extension import WrappersMP

from ..method.motion_module import MotionModule
from ..method.noise import betas
from ..method.windows import check_window
from ..weights.architecture import temporal_widths
from . import unet as places
from .run import KEY, add_wrapper_once, track_runs, window_of

MOTION_KEY = f"{KEY}.motion_module"


class LinearBetas(comfy.model_sampling.ModelSamplingDiscrete):
    """Betas that are linear (the host's "linear" is linear in sqrt(beta))."""

    def __init__(self):
        super().__init__()
        self._register_schedule(given_betas=betas())

    def noise_scaling(self, sigma, noise, latent_image, max_denoise=False):
        """From an empty latent, unit noise as DDIM starts with; the host does that only at its own largest sigma."""
        return super().noise_scaling(sigma, noise, latent_image, max_denoise or not torch.any(latent_image))


class LinearBetasEps(LinearBetas, comfy.model_sampling.EPS):
    """For a UNet that predicts noise, as Stable Diffusion 1.5 does."""


class LinearBetasVelocity(LinearBetas, comfy.model_sampling.V_PREDICTION):
    """For a UNet that predicts velocity, as some fine-tuned ones do."""


def apply_temporal_unet(model, motion):
    """model: MODEL of SD 1.5; motion: ModelPatcher around a MotionModule. Returns a patched clone of `model`."""
    unet = places.model_unet(model)
    _check_fit(unet, motion.model)
    model = model.clone()
    track_runs(model)
    model.set_additional_models(MOTION_KEY, [motion])
    velocity = isinstance(model.get_model_object("model_sampling"), comfy.model_sampling.V_PREDICTION)
    model.add_object_patch("model_sampling", LinearBetasVelocity() if velocity else LinearBetasEps())
    model.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, MOTION_KEY)  # a second motion module takes the place
    add_wrapper_once(model, WrappersMP.DIFFUSION_MODEL, partial(_temporal_forward, motion.model), MOTION_KEY)
    model.remove_wrappers_with_key(WrappersMP.OUTER_SAMPLE, MOTION_KEY)
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, partial(_check_length, motion.model), MOTION_KEY)
    return model


def motion_module(model) -> MotionModule | None:
    """The motion module that a MODEL carries."""
    return next((patcher.model for patcher in model.get_additional_models_with_key(MOTION_KEY)), None)


def _check_fit(unet, motion: MotionModule) -> None:
    shape = places.net_shape(unet)
    expected = temporal_widths(shape) | {"mid_block.motion_modules.0": shape.widths[-1]}  # some modules have one there
    for site, width in motion.layout.widths.items():
        if expected.get(site) != width:
            has = f"{expected[site]} channels" if site in expected else "no such place"
            raise ValueError(
                f"The motion module has {width} channels at {site}, where this MODEL has {has}: "
                "use a motion module made for this base model (SD 1.5 for MagicAnimate's)."
            )


def _check_length(motion: MotionModule, executor, noise, *args, **kwargs):
    """Before anything is loaded or denoised: does a window fit into the positional table?"""
    handler = executor.class_obj.model_options.get("context_handler")
    limit = motion.layout.max_length
    if handler is not None:
        check_window(getattr(handler, "context_length", 1), getattr(handler, "context_overlap", 0), limit)
    elif noise.shape[0] > limit:
        raise ValueError(
            f"The latent has {noise.shape[0]} frames, but the motion module sees at most {limit} at once: "
            "put a Sliding Windows node after Load Temporal UNet."
        )
    return executor(noise, *args, **kwargs)


def _temporal_forward(motion: MotionModule, executor, x, timesteps, context, y, control, transformer_options, **kwargs):
    """Runs the UNet with its temporal blocks; hooks live for this one call."""
    unet = executor.class_obj
    frames = window_of(transformer_options, x.shape[0] // len(transformer_options.get("cond_or_uncond") or [0])).length
    layers = places.temporal_sites(unet)
    blocks = [(layers[site], partial(motion.at(site), frames=frames)) for site in motion.layout.widths]
    with places.norms_joined(unet, frames), places.after_layers(blocks):
        return executor(x, timesteps, context, y, control, transformer_options, **kwargs)
