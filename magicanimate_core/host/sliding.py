"""Sliding windows as the host's context handler: which frames a UNet call sees, and how its predictions are averaged."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import repeat
from types import SimpleNamespace
from typing import Any

import comfy.context_windows as host_windows
import comfy.model_management as mm
import torch
from comfy.model_base import BaseModel
from torch import Tensor

from ..method.picking import picked
from ..method.windows import FUSE_METHODS, NOT_FUSED, SCHEDULES, Fusion, grouped, moved_on, needed_later, padded_length
from .hints import hints_cut
from .moving import to_device
from .options import STILL, HostWindows
from .run import CLIP_KEY, WINDOW_KEY, Evaluation, Window, asked_entries, with_options
from .watching import report_window

AD_PARAMS = "ad_params"  # AnimateDiff-Evolved's key in transformer options


@dataclass(frozen=True, kw_only=True)
class WindowHandler(HostWindows, host_windows.ContextHandlerABC):
    """The host's context handler for MagicAnimate. Holds settings only: the host shares or copies it with the model."""

    @property
    def room(self) -> int:
        """Frames whose residuals may wait on the device: an overlap for the next window, one for the end of a ring."""
        return 2 * self.context_overlap

    def padded(self, frames: int) -> int:
        """Returns how many frames are denoised for a clip of `frames`."""
        return padded_length(self.context_schedule, frames, self.context_length)

    def should_use_context(self, model: Any, conds: list, x_in: Tensor, timestep: Tensor, model_options: dict) -> bool:
        """Says yes: also a short clip x_in (F, 4, h, w) is a window."""
        return True

    def get_resized_cond(self, cond_in: list[dict] | None, x_in: Tensor, window: Window, device: Any = None) -> list | None:
        """Returns conditionings with one entry per frame of x_in (F, 4, h, w), cut to the window's frames."""
        return None if cond_in is None else [_cut(cond, window.shown) for cond in cond_in]

    def is_one_call(self, frames: int) -> bool:
        """Whether a clip of `frames`, padding included, is denoised as it is, in one window."""
        calls = [call for call, _ in grouped(self.windows(frames), self.windows_per_batch)]
        return calls == [list(range(frames))]

    def execute(
        self, calc_cond_batch: Callable, model: BaseModel, conds: list, x_in: Tensor, timestep: Tensor, model_options: dict
    ) -> list[Tensor]:
        """Evaluates the whole clip x_in (F, 4, h, w), window by window; returns a prediction of its shape per conditioning.

        timestep: (F,).
        """
        frames = x_in.shape[0]
        fusions = [Fusion(frames, x_in[0].numel(), x_in.dtype, x_in.device) for _ in conds]
        calls = list(self._calls(frames, timestep, model_options))
        calls[0][0].evaluation.asked = asked_entries(conds)  # all windows' one evaluation
        windows, weights = zip(*calls, strict=True)
        places = torch.tensor([frame for window in windows for frame in window.frames])
        sizes = [len(window.frames) for window in windows]
        rows, counts = (to_device(t, x_in.device).split(sizes) for t in (places, torch.cat(weights).to(x_in.dtype)))
        for number, window in enumerate(windows):
            mm.throw_exception_if_processing_interrupted()
            with hints_cut(conds, window.shown):
                outputs = calc_cond_batch(
                    model,
                    [self.get_resized_cond(cond, x_in, window) for cond in conds],
                    picked(x_in, window.frames),
                    picked(timestep, window.frames),
                    with_options(model_options, {WINDOW_KEY: window, AD_PARAMS: self._ad_params(window, frames)}),
                )
            for fusion, output in zip(fusions, outputs, strict=True):
                fusion.add(rows[number], output.flatten(1), counts[number])
            report_window(model_options.get("transformer_options", {}), number + 1, len(calls))
        # each sum is let go as soon as its mean is there: clips may be long
        return [fusions.pop(0).mean().view(x_in.shape) for _ in conds]

    def windows(self, frames: int, timestep: Tensor | None = None, model_options: dict | None = None) -> list[list[int]]:
        """Returns the frame indices of every window. Some move with the step at timestep (F,): the host's uniform."""
        length, overlap = self.context_length, self.context_overlap
        if self.context_schedule in SCHEDULES:
            windows = SCHEDULES[self.context_schedule].windows(frames, length, overlap)
            return moved_on(windows, step_at(timestep, model_options), frames) if self.move_windows else windows
        settings = SimpleNamespace(
            context_length=length,
            context_overlap=overlap,
            context_stride=self.context_stride,
            closed_loop=self.closed_loop,
            _step=step_at(timestep, model_options),
        )
        schedule = host_windows.get_matching_context_schedule(self.context_schedule)
        return schedule.func(frames, settings, model_options or {})

    def weights(self, windows: list[list[int]], frames: int) -> Tensor:
        """Returns what every frame of the windows counts for, one window after another, (sum of K,)."""
        if self.fuse_method == NOT_FUSED:
            return torch.tensor([weight for window in FUSE_METHODS[NOT_FUSED](windows) for weight in window])
        return torch.cat([self._window_weights(window, frames) for window in windows])

    def _window_weights(self, window: list[int], frames: int) -> Tensor:
        """What the host lets every frame of a window count for, (K,)."""
        if self.fuse_method == "relative":  # the host has this one in its loop, not in its table
            half = (len(window) - 1) / 2
            return (1 - (torch.arange(len(window)) - half).abs() / (half + 0.005)).clamp(min=0.01)
        fuse = host_windows.get_matching_fuse_method(self.fuse_method).func
        values = fuse(
            len(window), full_length=frames, idxs=window, handler=self, sigma=None, context_overlap=self.context_overlap
        )
        return torch.as_tensor(values, dtype=torch.float32)

    def _ad_params(self, window: Window, frames: int) -> dict[str, Any]:
        """Where nodes of other packs that hang on frames look for a window, by a convention older than the host's own."""
        return {"sub_idxs": list(window.frames), "full_length": frames, "context_length": self.context_length}

    def _calls(self, frames: int, timestep: Tensor, model_options: dict) -> Iterator[tuple[Window, Tensor]]:
        """Every UNet call of an evaluation, with its frames' weights (K,), off the device."""
        windows = self.windows(frames, timestep, model_options)
        groups, evaluation = grouped(windows, self.windows_per_batch), Evaluation(timestep, room=self.room)
        clip = model_options.get("transformer_options", {}).get(CLIP_KEY)
        calls = [call for call, _ in groups]
        weights = self.weights(windows, frames).split([len(call) for call in calls])
        for (call, length), later, counts in zip(groups, needed_later(calls), weights, strict=True):
            yield Window(tuple(call), length, evaluation, later, clip=clip), counts


def handler_of(settings: HostWindows) -> WindowHandler:
    """Makes the handler that settings, or a larger group of them, ask for."""
    return WindowHandler(**{option.name: getattr(settings, option.name) for option in fields(HostWindows)})


def windows_of_steps(settings: HostWindows, frames: int, steps: int) -> Iterator[list[list[int]]]:
    """Returns the windows of every step, as a run lays them over a clip of `frames`, padding included."""
    handler, sigmas = handler_of(settings), torch.arange(steps, -1, -1.0)  # any that fall; (steps + 1,)
    if settings.context_schedule in STILL and not settings.move_windows:
        return repeat(handler.windows(frames), steps)
    options = {"transformer_options": {"sample_sigmas": sigmas}}
    return (handler.windows(frames, sigmas[step : step + 1], options) for step in range(steps))


def window_handler(model_options: dict) -> WindowHandler | None:
    """Returns ours, unless a later node put another one in its place."""
    handler = model_options.get("context_handler")
    return handler if isinstance(handler, WindowHandler) else None


def step_at(timestep: Tensor | None, model_options: dict | None) -> int:
    """Returns the number of the sampling step at a sigma (F,); evaluations between two steps belong to the first of them."""
    sigmas = (model_options or {}).get("transformer_options", {}).get("sample_sigmas")
    if sigmas is None or timestep is None:
        return 0
    return max(0, int((sigmas >= timestep[0].to(sigmas) * (1 - 1e-4)).sum()) - 1)


def _cut(cond: dict, frames: Sequence[int]) -> dict:
    """A conditioning for some frames; the host repeats entries, so frame f has entry f mod their number."""

    def cut(tensor: Tensor) -> Tensor:  # (entries, ...) -> (K, ...)
        return picked(tensor, [frame % tensor.shape[0] for frame in frames])

    out = cond.copy()
    if isinstance(cond.get("mask"), Tensor) and cond["mask"].shape[0] > 1:
        out["mask"] = cut(cond["mask"])
    out["model_conds"] = {
        name: value._copy_with(cut(value.cond)) if _per_frame(value) else value
        for name, value in cond.get("model_conds", {}).items()
    }
    return out


def _per_frame(value: Any) -> bool:
    tensor = getattr(value, "cond", None)
    return isinstance(tensor, Tensor) and tensor.ndim > 1 and tensor.shape[0] > 1
