"""State of one sampling run, and of one call of the UNet within it.

Both travel in transformer_options, which the host builds anew for every run and every call: nothing is kept on
modules, models or nodes, so nothing can leak into the next prompt.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from comfy.samplers import CFGGuider
from torch import Tensor

from ..method.hybrid_attention import KeysValues
from ..method.per_frame import PerFrame
from .unet import Place
from .versions import frames_of_window

KEY = "magicanimate"
RUN, WINDOW = f"{KEY}.run", f"{KEY}.window"


@dataclass
class StepReferences:
    """Keys and values of the reference image at one timestep, by conditioning."""

    step: tuple | None = None  # timestep, dtype and device they are for
    by_conditioning: dict[UUID | None, Mapping[Place, KeysValues]] = field(default_factory=dict)

    def at(self, step: tuple) -> dict[UUID | None, Mapping[Place, KeysValues]]:
        """Returns what is known at a step; what belongs to another is let go."""
        if self.step != step:
            self.step, self.by_conditioning = step, {}
        return self.by_conditioning


@dataclass
class Run:
    """One call of the sampler."""

    texts: dict[UUID | None, Tensor] = field(default_factory=dict)  # positive conditioning -> its text tokens (B, L, D)
    references: StepReferences = field(default_factory=StepReferences)

    def text_of(self, uuid: UUID | None) -> UUID | None:
        """Returns the conditional text that goes with a row: its own, or, for other rows, the first positive one."""
        return uuid if uuid in self.texts else next(iter(self.texts), None)


@dataclass
class Evaluation:
    """One evaluation of the model at one x and sigma: all windows of it share what depends on single frames only."""

    residuals: dict[Any, PerFrame] = field(default_factory=dict)  # by ControlNet, text and size


@dataclass(frozen=True)
class Window:
    """The frames of one UNet call: one or more windows of `length` frames, one after another."""

    frames: tuple[int, ...]  # frame index in the clip, for each row of a conditioning's chunk
    length: int  # frames per window
    evaluation: Evaluation = field(default_factory=Evaluation)
    needed_later: frozenset[int] = frozenset()  # frames that a later window of this evaluation asks for again


class PaddingHandler(ABC):
    """A context handler that may denoise more frames than the clip has."""

    @abstractmethod
    def padded(self, frames: int) -> int:
        """Returns how many frames are denoised for a clip of `frames`."""


def padded_frames(model_options: dict, frames: int) -> int:
    """Returns how many frames are denoised for a clip of `frames` under these options."""
    handler = model_options.get("context_handler")
    return handler.padded(frames) if isinstance(handler, PaddingHandler) else frames


def run_of(transformer_options: dict) -> Run | None:
    """Returns the run that is under way; None outside our sampler wrapper."""
    return transformer_options.get(RUN)


def window_of(transformer_options: dict, rows: int) -> Window:
    """Returns the current window; rows: frames in one conditioning's chunk."""
    return transformer_options.get(WINDOW) or Window(tuple(range(rows)), rows)


def with_option(model_options: dict, key: str, value: Any) -> dict:
    """Returns model_options with one more transformer option, the originals untouched."""
    options = model_options.copy()
    options["transformer_options"] = {**options.get("transformer_options", {}), key: value}
    return options


def add_wrapper_once(model: ModelPatcher, kind: str, wrapper: Callable, key: str = KEY) -> None:
    """Registers a wrapper on a ModelPatcher; a second patch node on the same model must not register it twice."""
    if wrapper not in model.get_wrappers(kind, key):
        model.add_wrapper_with_key(kind, key, wrapper)


def track_runs(model: ModelPatcher) -> None:
    """Gives every sampling run of this ModelPatcher its Run, and every UNet call its Window."""
    add_wrapper_once(model, WrappersMP.SAMPLER_SAMPLE, _start_run)
    add_wrapper_once(model, WrappersMP.CALC_COND_BATCH, _describe_call)


def _start_run(executor: WrapperExecutor, guider: CFGGuider, sigmas: Tensor, extra_args: dict, *args, **kwargs) -> Tensor:
    """Begins a Run at sigmas (steps + 1,). Raises ValueError where the host would split a step over several GPUs."""
    options = extra_args["model_options"]
    if "multigpu_clones" in options:
        raise ValueError(
            "MagicAnimate shares work between the windows of a step and cannot split it over several GPUs: "
            "remove the MultiGPU node from this model."
        )
    positive = guider.conds.get("positive") or []
    texts = {cond["uuid"]: _text(cond) for cond in positive}
    run = Run({uuid: text for uuid, text in texts.items() if text is not None})
    extra_args = {**extra_args, "model_options": with_option(options, RUN, run)}
    return executor(guider, sigmas, extra_args, *args, **kwargs)


def _text(cond: dict) -> Tensor | None:  # (B, L, D)
    model_conds = cond.get("model_conds", {})
    text = model_conds.get("crossattn_controlnet") or model_conds.get("c_crossattn")
    return None if text is None else text.cond


def _describe_call(executor: WrapperExecutor, model: Any, conds: list, x_in: Tensor, timestep: Tensor, model_options: dict):
    """Where no sliding windows of ours have said which frames x_in (F, C, h, w) is: the host's window, or the whole clip."""
    options = model_options.get("transformer_options", {})
    if WINDOW not in options:
        host_window = options.get("context_window")
        frames = tuple(range(x_in.shape[0])) if host_window is None else frames_of_window(host_window)
        model_options = with_option(model_options, WINDOW, Window(frames, len(frames)))
    return executor(model, conds, x_in, timestep, model_options)
