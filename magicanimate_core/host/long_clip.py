"""What a clip of any length needs around the host's sampler: windows, padding, and an estimate of memory."""

from collections.abc import Callable
from math import ceil
from typing import Any

from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from torch import Tensor

from ..method.noise import pad_noise
from ..method.windows import grouped, pad_last
from .checks import check_first
from .control import PoseControl
from .options import HostWindows
from .padding import pad_conditionings, pad_guidance
from .rows import POSITIVE, Conditionings, control_chain
from .run import CLIP_KEY, add_wrapper_once, track_runs, with_options
from .sliding import WindowHandler, handler_of, window_handler
from .temporal import motion_of

FRAMES_PER_ROW = 200  # whose latents, a dozen each, take about what the host reckons for one frame in the net
WAITING_PER_ROW = 12  # frames whose residuals take as much


def apply_windows(model: ModelPatcher, settings: HostWindows, frames: int | None = None) -> ModelPatcher:
    """Returns a clone of MODEL whose clips are denoised window by window.

    frames: of the clip, for who gives latents and noise that are padded already. Raises ValueError for windows longer than
    the positions that its temporal layers know.
    """
    motion = motion_of(model)
    if motion is not None:
        settings.check_window(motion.layout.max_length)
    model = model.clone()
    track_runs(model)
    check_first(model)
    model.model_options["context_handler"] = handler_of(settings)
    if frames is not None:
        model.model_options = with_options(model.model_options, {CLIP_KEY: frames})
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, _pad_clip)
    add_wrapper_once(model, WrappersMP.PREPARE_SAMPLING, _estimate_one_window)
    return model


def _pad_clip(
    executor: WrapperExecutor, noise: Tensor, latent_image: Tensor, sampler: Any, sigmas: Tensor,
    denoise_mask: Tensor | None = None, callback: Callable | None = None, *args, **kwargs,
) -> Tensor:  # fmt: skip
    """Official windows denoise a padded clip, noise (F, 4, h, w); the user gets the frames that he asked for."""
    guider, given = executor.class_obj, noise.shape[0]
    handler = window_handler(guider.model_options)
    frames = guider.model_options["transformer_options"].get(CLIP_KEY, given)
    total = handler.padded(frames) if handler else frames
    if total == frames:
        return executor(noise, latent_image, sampler, sigmas, denoise_mask, callback, *args, **kwargs)
    if given == frames:
        noise, latent_image = pad_noise(noise, total, handler.context_length), pad_last(latent_image, total)
        denoise_mask = None if denoise_mask is None else pad_last(denoise_mask, total)
    # the guider's own for this run: it puts the old ones back by itself
    guider.conds = pad_conditionings(guider.conds, frames, total)
    guider.model_options = with_options(pad_guidance(guider.model_options, frames, total), {CLIP_KEY: frames})
    if kwargs.get("latent_shapes") is not None:
        kwargs["latent_shapes"] = [latent_image.shape]

    def show(step: int, x0: Tensor, x: Tensor, steps: int) -> None:  # (F, 4, h, w) each
        callback(step, x0[:frames], x[:frames], steps)

    cut = None if callback is None else show
    return executor(noise, latent_image, sampler, sigmas, denoise_mask, cut, *args, **kwargs)[:given]


def _estimate_one_window(executor: WrapperExecutor, model: ModelPatcher, noise_shape: list, conds: Any, *args, **kwargs):
    """The host frees memory for noise_shape at once; the net sees only one call's windows, the sampler the whole clip."""
    handler = window_handler(kwargs.get("model_options") or model.model_options)
    if handler:
        noise_shape = [rows_at_once(handler, noise_shape[0], _pose_sets(conds)), *noise_shape[1:]]
    return executor(model, noise_shape, conds, *args, **kwargs)


def rows_at_once(handler: WindowHandler, frames: int, pose_sets: int) -> int:
    """Returns for how many frames in the net there must be memory while a clip of `frames`, padding included, is denoised.

    pose_sets: of residuals that are computed for each frame.
    """
    calls = [call for call, _ in grouped(handler.windows(frames), handler.windows_per_batch)]
    waiting = pose_sets * min(handler.room, frames)
    return max(map(len, calls)) + frames // FRAMES_PER_ROW + ceil(waiting / WAITING_PER_ROW)


def _pose_sets(conds: Conditionings) -> int:
    """How many sets of residuals a frame has: one for each prompt's ControlNets of ours."""
    entries = conds.get(POSITIVE) or []
    return sum(isinstance(control, PoseControl) for entry in entries for control in control_chain(entry.get("control")))
