"""State of one sampling run, and of one call of the UNet within it.

Both travel in transformer_options, which the host builds anew for every run and every call: nothing is kept on
modules, models or nodes, so nothing can leak into the next prompt.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from comfy.patcher_extension import WrappersMP
from torch import Tensor

KEY = "magicanimate"
RUN, WINDOW = f"{KEY}.run", f"{KEY}.window"


@dataclass
class Run:
    """One call of the sampler."""

    texts: dict[UUID, Tensor] = field(default_factory=dict)  # positive conditioning -> its text tokens (B, L, D)
    references: dict[Any, Any] = field(default_factory=dict)  # see reference.py; only the current timestep's

    def text_of(self, uuid: UUID | None) -> UUID | None:
        """The conditional text that goes with a row: its own, or, for other rows, the first positive one."""
        return uuid if uuid in self.texts else next(iter(self.texts), None)


@dataclass
class Evaluation:
    """One evaluation of the model at one x and sigma: all windows of it share what depends on single frames only."""

    residuals: dict[Any, Any] = field(default_factory=dict)  # see control.py


@dataclass(frozen=True)
class Window:
    """The frames of one UNet call: one or more windows of `length` frames, one after another."""

    frames: tuple[int, ...]  # frame index in the clip, for each row of a conditioning's chunk
    length: int  # frames per window
    evaluation: Evaluation = field(default_factory=Evaluation)
    needed_later: frozenset[int] = frozenset()  # frames that a later window of this evaluation asks for again


def run_of(transformer_options: dict) -> Run | None:
    return transformer_options.get(RUN)


def window_of(transformer_options: dict, rows: int) -> Window:
    """The current window; rows: frames in one conditioning's chunk."""
    return transformer_options.get(WINDOW) or Window(tuple(range(rows)), rows)


def with_option(model_options: dict, key: str, value) -> dict:
    """model_options with one more transformer option, the originals untouched."""
    options = model_options.copy()
    options["transformer_options"] = {**options.get("transformer_options", {}), key: value}
    return options


def add_wrapper_once(model, kind: str, wrapper, key: str = KEY) -> None:
    """Register a wrapper on a ModelPatcher; a second patch node on the same model must not register it twice."""
    if wrapper not in model.get_wrappers(kind, key):
        model.add_wrapper_with_key(kind, key, wrapper)


def track_runs(model) -> None:
    """Give every sampling run of this ModelPatcher its Run, and every UNet call its Window."""
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, _check_controls)
    add_wrapper_once(model, WrappersMP.SAMPLER_SAMPLE, _start_run)
    add_wrapper_once(model, WrappersMP.CALC_COND_BATCH, _describe_call)


def _check_controls(executor, noise, *args, **kwargs):
    """Before anything is loaded: do the pose videos fit the clip?"""
    guider, frames = executor.class_obj, noise.shape[0]
    handler = guider.model_options.get("context_handler")
    for cond in (cond for conds in guider.conds.values() for cond in conds or []):
        control = cond.get("control")
        while control is not None:
            if hasattr(control, "check_clip"):
                control.check_clip(frames, getattr(handler, "padded", lambda n: n))
            control = control.previous_controlnet
    return executor(noise, *args, **kwargs)


def _start_run(executor, guider, sigmas, extra_args, *args, **kwargs):
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


def _text(cond: dict) -> Tensor | None:
    model_conds = cond.get("model_conds", {})
    text = model_conds.get("crossattn_controlnet") or model_conds.get("c_crossattn")
    return None if text is None else text.cond


def _describe_call(executor, model, conds, x_in, timestep, model_options):
    """Where no sliding windows of ours have said which frames these are: the host's window, or the whole clip."""
    options = model_options.get("transformer_options", {})
    if WINDOW not in options:
        host_window = options.get("context_window")
        frames = tuple(range(x_in.shape[0])) if host_window is None else _host_frames(host_window)
        model_options = with_option(model_options, WINDOW, Window(frames, len(frames)))
    return executor(model, conds, x_in, timestep, model_options)


def _host_frames(window) -> tuple[int, ...]:
    anchor = getattr(window, "causal_anchor_index", None)  # a frame that newer hosts put before the window
    lead = () if anchor is None or anchor < 0 else (anchor,)
    return (*lead, *window.index_list)
