"""Sliding windows in the host's sampler: one window on the device, the clip off it."""

from dataclasses import dataclass
from types import SimpleNamespace

import comfy.context_windows as host_windows
import comfy.model_management as mm
import torch
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ..method.noise import pad_last, pad_noise
from ..method.windows import SCHEDULES, check_window, needed_later, padded_length
from .run import WINDOW, Evaluation, Window, add_wrapper_once, track_runs, with_option

HOST_SCHEDULES = list(host_windows.CONTEXT_MAPPING)
HOST_FUSE_METHODS = list(host_windows.ContextFuseMethods.LIST_STATIC)
CONTEXT_SCHEDULES = [*SCHEDULES, *HOST_SCHEDULES]
FUSE_METHODS = ["flat", *(name for name in HOST_FUSE_METHODS if name != "flat")]


@dataclass(frozen=True)
class SlidingWindows(host_windows.ContextHandlerABC):
    """The host's context handler for MagicAnimate. Holds settings only: the host shares or copies it with the model."""

    context_length: int = 16  # frames in a window, K
    context_overlap: int = 4  # frames that neighbours share, s
    schedule: str = "official"
    fuse_method: str = "flat"
    context_stride: int = 1  # of the host's uniform schedules
    closed_loop: bool = False  # of the host's looped schedule
    windows_per_batch: int = 1

    def padded(self, frames: int) -> int:
        """Frames that are denoised for a clip of `frames`."""
        return padded_length(self.schedule, frames, self.context_length)

    def should_use_context(self, model, conds, x_in, timestep, model_options) -> bool:
        return True

    def get_resized_cond(self, cond_in, x_in, window: Window, device=None):
        """Conditionings with one entry per frame, cut to the window's frames."""
        return None if cond_in is None else [_cut(cond, torch.tensor(window.frames)) for cond in cond_in]

    def execute(self, calc_cond_batch, model, conds, x_in: Tensor, timestep: Tensor, model_options: dict):
        """One evaluation of the whole clip, x_in (N, 4, H, W): predictions of overlapping frames are averaged."""
        device = model.current_patcher.load_device
        sums = [torch.zeros_like(x_in) for _ in conds]
        weights = x_in.new_zeros(x_in.shape[0], 1, 1, 1)
        for window, window_weights in self._batches(x_in.shape[0], timestep, model_options):
            mm.throw_exception_if_processing_interrupted()
            frames = torch.tensor(window.frames, device=x_in.device)
            outputs = calc_cond_batch(
                model,
                [self.get_resized_cond(cond, x_in, window) for cond in conds],
                x_in[frames].to(device),
                timestep[frames].to(device),
                with_option(model_options, WINDOW, window),
            )
            share = window_weights.to(x_in).view(-1, 1, 1, 1)
            for total, output in zip(sums, outputs, strict=True):
                total.index_add_(0, frames, output.to(x_in) * share)  # adds up where a frame stands twice
            weights.index_add_(0, frames, share)
        return [total / weights for total in sums]

    def windows(self, frames: int, timestep: Tensor | None = None, model_options: dict | None = None) -> list[list[int]]:
        """Frame indices of every window. The host's uniform schedules move with the sampling step."""
        length, overlap = self.context_length, self.context_overlap
        if self.schedule in SCHEDULES:
            return SCHEDULES[self.schedule].windows(frames, length, overlap)
        settings = SimpleNamespace(
            context_length=length,
            context_overlap=overlap,
            context_stride=self.context_stride,
            closed_loop=self.closed_loop,
            _step=_step(timestep, model_options),
        )
        schedule = host_windows.get_matching_context_schedule(self.schedule)
        return schedule.func(frames, settings, model_options or {})

    def weights(self, window: list[int], frames: int) -> Tensor:
        """Fusion weight of every frame of a window."""
        if self.fuse_method == "relative":  # the host has this one in its loop, not in its table
            half = (len(window) - 1) / 2
            return (1 - (torch.arange(len(window)) - half).abs() / (half + 0.005)).clamp(min=0.01)
        fuse = host_windows.get_matching_fuse_method(self.fuse_method).func
        values = fuse(
            len(window), full_length=frames, idxs=window, handler=self, sigma=None, context_overlap=self.context_overlap
        )
        return torch.as_tensor(values, dtype=torch.float32)

    def _batches(self, frames: int, timestep: Tensor, model_options: dict):
        """(Window, weights) of every UNet call of an evaluation. Windows that go together have one length."""
        groups: list[list[list[int]]] = []
        for window in self.windows(frames, timestep, model_options):
            fits = groups and len(groups[-1]) < self.windows_per_batch and len(groups[-1][0]) == len(window)
            groups[-1].append(window) if fits else groups.append([window])
        evaluation = Evaluation()
        calls = [[f for window in group for f in window] for group in groups]
        for group, call, later in zip(groups, calls, needed_later(calls), strict=True):
            weights = torch.cat([self.weights(window, frames) for window in group])
            yield Window(tuple(call), len(group[0]), evaluation, later), weights


def apply_sliding_windows(model, windows: SlidingWindows, max_length: int | None = None):
    """Returns a clone of MODEL whose clips are denoised window by window."""
    check_window(windows.context_length, windows.context_overlap, max_length)
    model = model.clone()
    track_runs(model)
    model.model_options["context_handler"] = windows
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, _pad_clip)
    add_wrapper_once(model, WrappersMP.PREPARE_SAMPLING, _estimate_one_window)
    add_wrapper_once(model, WrappersMP.SAMPLER_SAMPLE, _sample_off_device)
    return model


def _ours(model_options: dict) -> SlidingWindows | None:
    """Our handler, unless a later node put another one in its place."""
    handler = model_options.get("context_handler")
    return handler if isinstance(handler, SlidingWindows) else None


def _pad_clip(executor, noise, latent_image, sampler, sigmas, denoise_mask=None, callback=None, *args, **kwargs):
    """Official windows denoise a padded clip; the user gets the frames that he asked for."""
    windows = _ours(executor.class_obj.model_options)
    frames = noise.shape[0]
    total = windows.padded(frames) if windows else frames
    if total == frames:
        return executor(noise, latent_image, sampler, sigmas, denoise_mask, callback, *args, **kwargs)
    noise, latent_image = pad_noise(noise, total, windows.context_length), pad_last(latent_image, total)
    denoise_mask = None if denoise_mask is None else pad_last(denoise_mask, total)
    if kwargs.get("latent_shapes") is not None:
        kwargs["latent_shapes"] = [latent_image.shape]
    cut = callback and (lambda step, x0, x, steps: callback(step, x0[:frames], x[:frames], steps))
    return executor(noise, latent_image, sampler, sigmas, denoise_mask, cut, *args, **kwargs)[:frames]


def _estimate_one_window(executor, model, noise_shape, conds, *args, **kwargs):
    """The host frees memory for noise_shape at once; only one call's windows are ever on the device."""
    windows = _ours(kwargs.get("model_options") or model.model_options)
    if windows:
        rows = min(noise_shape[0], windows.context_length * windows.windows_per_batch)
        noise_shape = [rows, *noise_shape[1:]]
    return executor(model, noise_shape, conds, *args, **kwargs)


def _sample_off_device(executor, guider, sigmas, extra_args, callback, noise, latent_image=None, denoise_mask=None, *rest):
    """The sampler's own tensors hold the whole clip, so they stay where results go; windows travel."""
    home = mm.intermediate_device()
    if not _ours(extra_args["model_options"]) or noise.device == home:
        return executor(guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask, *rest)

    def show(step, x0, x, steps):
        return callback(step, x0.to(device), x, steps)  # previewers live on the device

    device = noise.device
    moved = (None if t is None else t.to(home) for t in (noise, latent_image, denoise_mask))
    return executor(guider, sigmas.to(home), extra_args, callback and show, *moved, *rest)


def _step(timestep: Tensor | None, model_options: dict | None) -> int:
    """Number of the sampling step; a sampler's evaluations between two steps belong to the first of them."""
    sigmas = (model_options or {}).get("transformer_options", {}).get("sample_sigmas")
    if sigmas is None or timestep is None:
        return 0
    return max(0, int((sigmas >= timestep[0].to(sigmas) * (1 - 1e-4)).sum()) - 1)


def _cut(cond: dict, frames: Tensor) -> dict:
    """A conditioning for some frames. The host repeats entries over a batch, so frame f has entry f mod their number."""

    def cut(tensor: Tensor) -> Tensor:
        return tensor[(frames % tensor.shape[0]).to(tensor.device)]

    out = cond.copy()
    if isinstance(cond.get("mask"), Tensor) and cond["mask"].shape[0] > 1:
        out["mask"] = cut(cond["mask"])
    out["model_conds"] = {
        name: value._copy_with(cut(value.cond)) if _per_frame(value) else value
        for name, value in cond.get("model_conds", {}).items()
    }
    return out


def _per_frame(value) -> bool:
    tensor = getattr(value, "cond", None)
    return isinstance(tensor, Tensor) and tensor.ndim > 1 and tensor.shape[0] > 1
