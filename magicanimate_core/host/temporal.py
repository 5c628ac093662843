"""The temporal UNet on the host's MODEL: temporal blocks, window-wide ResNet statistics, MagicAnimate's noise schedule."""

from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import CallbacksMP, WrapperExecutor, WrappersMP
from torch import Tensor

from ..method.motion_module import MotionModule
from ..method.windows import check_window
from ..weights.architecture import temporal_widths
from . import unet as places
from .checks import check_first
from .noise_schedule import check_schedule, linear_sampling, start_from_noise
from .run import KEY, add_wrapper_once, track_runs, window_of

MOTION_KEY = f"{KEY}.motion_module"


def apply_temporal_unet(model: ModelPatcher, motion: ModelPatcher) -> ModelPatcher:
    """Returns a clone of a MODEL of SD 1.5 that is MagicAnimate's video model. motion: around a MotionModule.

    What the UNet predicts stays as an earlier node says; the noise schedule becomes MagicAnimate's. Raises ValueError for
    another kind of MODEL or of sampling, and for temporal layers of other widths.
    """
    unet = places.model_unet(model)
    _check_fit(unet, motion.model)
    sampling = linear_sampling(model)
    model = model.clone()
    track_runs(model)
    check_first(model)
    model.set_additional_models(MOTION_KEY, [motion])
    model.add_object_patch("model_sampling", sampling)
    start_from_noise(model)
    model.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, MOTION_KEY)  # a second motion module takes the place
    add_wrapper_once(model, WrappersMP.DIFFUSION_MODEL, partial(temporal_forward, motion.model), MOTION_KEY)
    model.remove_wrappers_with_key(WrappersMP.OUTER_SAMPLE, MOTION_KEY)
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, partial(_sample_checked, motion.model), MOTION_KEY)
    model.remove_callbacks_with_key(CallbacksMP.ON_PRE_RUN, MOTION_KEY)
    model.add_callback_with_key(CallbacksMP.ON_PRE_RUN, MOTION_KEY, _load_schedule)
    return model


def without_temporal_attention(model: ModelPatcher) -> ModelPatcher:
    """Returns a clone of a temporal UNet that makes single frames: no temporal blocks, and every frame has norms of its own.

    The noise schedule stays MagicAnimate's.
    """
    model = model.clone()
    model.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, MOTION_KEY)
    model.remove_additional_models(MOTION_KEY)
    return model


def motion_of(model: ModelPatcher) -> MotionModule | None:
    """Returns the motion module that a MODEL carries."""
    return next((patcher.model for patcher in model.get_additional_models_with_key(MOTION_KEY)), None)


def _load_schedule(model: ModelPatcher) -> None:
    """Puts the noise schedule beside the net: where its weights were there already, the host has moved nothing.

    Each call of the net looks into it twice, and would wait for the device each time.
    """
    model.get_model_object("model_sampling").to(model.load_device)


def _check_fit(unet: UNetModel, motion: MotionModule) -> None:
    """Raises ValueError where a temporal block finds no place of its width."""
    shape = places.net_shape(unet)
    expected = temporal_widths(shape) | {"mid_block.motion_modules.0": shape.widths[-1]}  # some modules have one there
    for site, width in motion.layout.widths.items():
        if expected.get(site) != width:
            has = f"{expected[site]} channels" if site in expected else "no such place"
            raise ValueError(
                f"The motion module has {width} channels at {site}, where this MODEL has {has}: "
                "use a motion module made for this base model (SD 1.5 for MagicAnimate's)."
            )


def _sample_checked(motion: MotionModule, executor: WrapperExecutor, noise: Tensor, *args, **kwargs) -> Tensor:
    """Samples from noise (F, 4, h, w).

    Raises ValueError, before anything is loaded, for a window longer than the positions and for another noise schedule;
    after it for what is no number.
    """
    check_schedule(executor.class_obj.model_patcher)
    handler = executor.class_obj.model_options.get("context_handler")
    limit = motion.layout.max_length
    if handler is not None:
        check_window(getattr(handler, "context_length", 1), getattr(handler, "context_overlap", 0), limit)
    elif noise.shape[0] > limit:
        raise ValueError(
            f"The latent has {noise.shape[0]} frames, but the motion module sees at most {limit} at once: "
            "put a Sliding Windows node after Load Temporal UNet."
        )
    latents = executor(noise, *args, **kwargs)
    if not torch.isfinite(latents).all():
        raise ValueError(
            "The animation has values that are no numbers, which would be black frames: start ComfyUI with --bf16-unet or "
            "--fp32-unet, or look for a damaged file among model, LoRAs and motion module."
        )
    return latents


@torch.compiler.disable(recursive=False)  # what it calls may be compiled, with these hooks in it
def temporal_forward(
    motion: MotionModule, executor: WrapperExecutor, x: Tensor, timesteps: Tensor, context: Tensor, y: Any, control: Any,
    transformer_options: dict, **kwargs,
) -> Tensor:  # fmt: skip
    """Runs the UNet on x (B, 4, h, w) with its temporal blocks; hooks live for this one call. Returns (B, 4, h, w)."""
    unet = executor.class_obj
    frames = window_of(transformer_options, x.shape[0] // len(transformer_options.get("cond_or_uncond") or [0])).length
    layers = places.temporal_sites(unet)
    how = {"frames": frames, "attend": partial(_attend, transformer_options)}
    blocks = [(layers[site], partial(motion.at(site), **how)) for site in motion.layout.widths]
    norms = places.norms_joined(unet, frames) if motion.layout.joins_norms else nullcontext()
    with norms, places.after_layers(blocks):
        return executor(x, timesteps, context, y, control, transformer_options, **kwargs)


def _attend(transformer_options: dict, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:  # (B, L, D) each
    """The host's attention, or the one that a node has chosen for this MODEL."""
    return optimized_attention(q, k, v, heads, transformer_options=transformer_options)
