"""State of one sampling run, and of one call of the UNet within it.

Both travel in transformer_options, which the host builds anew for every run and every call: nothing is kept on
modules, models or nodes, so nothing can leak into the next prompt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from comfy.samplers import CFGGuider
from torch import Tensor

from ..method.hybrid_attention import KeysValues
from ..method.per_frame import PerFrame
from .rows import Rows, identified
from .unet import Place
from .versions import frames_of_window

KEY = "magicanimate"
RUN_KEY, WINDOW_KEY = f"{KEY}.run", f"{KEY}.window"
CLIP_KEY = f"{KEY}.frames"  # how many of the frames that are denoised the user gets


@dataclass
class StepReferences:
    """Keys and values of the reference image at one timestep, by text."""

    step: tuple | None = None  # timestep, dtype and device they are for
    by_text: dict[int, Mapping[Place, KeysValues]] = field(default_factory=dict)

    def at(self, step: tuple) -> dict[int, Mapping[Place, KeysValues]]:
        """Returns what is known at a step; what belongs to another is let go."""
        if self.step != step:
            self.step, self.by_text = step, {}
        return self.by_text


@dataclass
class Run:
    """One call of the sampler."""

    rows: Rows = field(default_factory=Rows)
    size: tuple[int, int] | None = None  # height and width of the whole latent; a row may be a crop of it
    references: StepReferences = field(default_factory=StepReferences)


@dataclass
class Evaluation:
    """One evaluation of the model at one x and sigma: all windows of it share what depends on single frames only."""

    residuals: dict[Any, PerFrame] = field(default_factory=dict)  # by ControlNet, text, crop and size


@dataclass(frozen=True)
class Window:
    """The frames of one UNet call: one or more windows of `length` frames, one after another."""

    frames: tuple[int, ...]  # frame index in the clip, for each row of a conditioning's chunk
    length: int  # frames per window
    evaluation: Evaluation = field(default_factory=Evaluation)
    needed_later: frozenset[int] = frozenset()  # frames that a later window of this evaluation asks for again
    clip: int | None = None  # frames of the clip, where some of those that are denoised are padding

    @property
    def shown(self) -> list[int]:
        """The clip's frame that each row shows: padding repeats the last one, in all that hangs on frames."""
        return list(self.frames) if self.clip is None else [min(frame, self.clip - 1) for frame in self.frames]


def run_of(transformer_options: dict) -> Run | None:
    """Returns the run that is under way; None outside our sampler wrapper."""
    return transformer_options.get(RUN_KEY)


def window_of(transformer_options: dict, rows: int) -> Window:
    """Returns the current window; rows: frames in one conditioning's chunk."""
    return transformer_options.get(WINDOW_KEY) or Window(tuple(range(rows)), rows)


def with_options(model_options: dict, more: Mapping[str, Any]) -> dict:
    """Returns model_options with more transformer options, the originals untouched."""
    options = model_options.copy()
    options["transformer_options"] = {**options.get("transformer_options", {}), **more}
    return options


def add_wrapper_once(model: ModelPatcher, kind: str, wrapper: Callable, key: str = KEY) -> None:
    """Registers a wrapper on a ModelPatcher; a second patch node on the same model must not register it twice."""
    if wrapper not in model.get_wrappers(kind, key):
        model.add_wrapper_with_key(kind, key, wrapper)


def track_runs(model: ModelPatcher) -> None:
    """Gives every sampling run of this ModelPatcher its Run, and every UNet call its Window."""
    add_wrapper_once(model, WrappersMP.SAMPLER_SAMPLE, _start_run)
    add_wrapper_once(model, WrappersMP.CALC_COND_BATCH, _describe_call)


def _start_run(
    executor: WrapperExecutor, guider: CFGGuider, sigmas: Tensor, extra_args: dict, callback: Any, noise: Tensor, *args,
    **kwargs,
) -> Tensor:  # fmt: skip
    """Begins a Run at sigmas (steps + 1,), noise (F, 4, h, w).

    Raises ValueError where the host would split a step over several GPUs.
    """
    options = extra_args["model_options"]
    if "multigpu_clones" in options:
        raise ValueError(
            "MagicAnimate shares work between the windows of a step and cannot split it over several GPUs: "
            "remove the MultiGPU node from this model."
        )
    size = tuple(noise.shape[-2:])
    guider.conds, rows = identified(guider.conds, size)  # the guider made them for this run, and lets go of them after it
    run = Run(rows, size)
    extra_args = {**extra_args, "model_options": with_options(options, {RUN_KEY: run})}
    return executor(guider, sigmas, extra_args, callback, noise, *args, **kwargs)


def _describe_call(executor: WrapperExecutor, model: Any, conds: list, x_in: Tensor, timestep: Tensor, model_options: dict):
    """Where no sliding windows of ours have said which frames x_in (F, C, h, w) is: the host's window, or the whole clip."""
    options = model_options.get("transformer_options", {})
    if WINDOW_KEY not in options:
        host_window = options.get("context_window")
        frames = tuple(range(x_in.shape[0])) if host_window is None else frames_of_window(host_window)
        model_options = with_options(model_options, {WINDOW_KEY: Window(frames, len(frames), clip=options.get(CLIP_KEY))})
    return executor(model, conds, x_in, timestep, model_options)
