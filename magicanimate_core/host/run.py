"""State of one sampling run, and of one call of the UNet within it.

Both travel in transformer_options, which the host builds anew for every run and every call: nothing is kept on
modules, models or nodes, so nothing can leak into the next prompt.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from comfy.samplers import CFGGuider
from torch import Tensor

from ..method.hybrid_attention import KeysValues
from ..method.per_frame import PerFrame
from .pose_hints import PoseHints
from .rows import Row, Rows, identified
from .unet import Place
from .versions import frames_of_window

KEY = "magicanimate"
RUN_KEY, WINDOW_KEY = f"{KEY}.run", f"{KEY}.window"
CLIP_KEY = f"{KEY}.frames"  # how many of the frames that are denoised the user gets


@dataclass
class StepReferences:
    """Keys and values of the reference image at one timestep, by text."""

    step: tuple | None = None  # sigma, dtype and device they are for
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
    hints: dict[Any, PoseHints] = field(default_factory=dict)  # by ControlNet, size and dtype
    images: dict[Any, Mapping[Place, KeysValues]] = field(default_factory=dict)  # an IP-Adapter's, by dtype and device

    def close(self) -> None:
        """Ends what would outlast the run."""
        for hints in self.hints.values():
            hints.close()


@dataclass
class Evaluation:
    """One evaluation of the model at one x and sigma: all windows of it share what depends on single frames only."""

    timestep: Tensor | None = None  # its sigma, (F,)
    asked: frozenset[UUID | None] = frozenset()  # entries of the conditionings that it is made for
    room: int = 0  # frames whose residuals may wait on the device
    residuals: dict[Any, PerFrame] = field(default_factory=dict)  # by ControlNet, text, crop and size

    @cached_property
    def sigma(self) -> float:
        """Where the sampler is; the device is waited for once, at most."""
        return float(self.timestep[0])


@dataclass(frozen=True)
class Window:
    """The frames of one UNet call: one or more windows of `length` frames, one after another."""

    frames: tuple[int, ...]  # frame index in the clip, for each row of a conditioning's chunk
    length: int  # frames per window
    evaluation: Evaluation = field(default_factory=Evaluation)
    needed_later: Mapping[int, int] = field(default_factory=dict)  # frame -> number of the evaluation's next call with it
    served: set[UUID | None] = field(default_factory=set)  # entries of the conditionings whose rows have begun
    clip: int | None = None  # frames of the clip, where some of those that are denoised are padding

    @property
    def shown(self) -> list[int]:
        """The clip's frame that each row shows: padding repeats the last one, in all that hangs on frames."""
        return list(self.frames) if self.clip is None else [min(frame, self.clip - 1) for frame in self.frames]


def run_of(transformer_options: dict) -> Run | None:
    """Returns the run that is under way; None outside our sampler wrapper."""
    return transformer_options.get(RUN_KEY)


def call_of(context: Tensor, transformer_options: dict) -> tuple[Run, list[Row | None]]:
    """Returns the run that a call of the UNet belongs to, and who its conditionings are; None for one that nobody knows.

    context: the text of all rows, (B, L, D).
    """
    kinds = transformer_options.get("cond_or_uncond") or [0]
    uuids = transformer_options.get("uuids") or list(range(len(kinds)))
    run = run_of(transformer_options) or _run_alone(context, kinds, uuids)
    return run, [run.rows.known.get(uuid) for uuid in uuids]


def _run_alone(context: Tensor, kinds: Sequence[int], uuids: Sequence[Any]) -> Run:
    """A Run for who calls the model outside the sampler: conditioning 0 is the positive one. context (B, L, D)."""
    run = Run()
    for uuid, text, kind in zip(uuids, context.chunk(len(kinds)), kinds, strict=True):
        number = run.rows.number(text)
        run.rows.known[uuid] = Row(kind == 0, number, number)
    return run


def window_of(transformer_options: dict, rows: int, timestep: Tensor | None = None) -> Window:
    """Returns the current window; rows: frames in one conditioning's chunk, timestep: where the sampler is, (B,)."""
    return transformer_options.get(WINDOW_KEY) or Window(tuple(range(rows)), rows, Evaluation(timestep))


def asked_entries(conds: list[list[dict] | None]) -> frozenset[UUID | None]:
    """Returns who is who in the conditionings that an evaluation is made for; None stands for one that nobody wants."""
    return frozenset(entry.get("uuid") for entries in conds for entry in entries or [])


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
    # the guider made them for this run, and lets go of them after it
    guider.conds, rows = identified(guider.conds, size, noise.device)
    run = Run(rows, size)
    extra_args = {**extra_args, "model_options": with_options(options, {RUN_KEY: run})}
    try:
        return executor(guider, sigmas, extra_args, callback, noise, *args, **kwargs)
    finally:
        run.close()


def _describe_call(executor: WrapperExecutor, model: Any, conds: list, x_in: Tensor, timestep: Tensor, model_options: dict):
    """Where no sliding windows of ours have said which frames x_in (F, C, h, w) is: the host's window, or the whole clip."""
    options = model_options.get("transformer_options", {})
    if WINDOW_KEY not in options:
        host_window = options.get("context_window")
        frames = tuple(range(x_in.shape[0])) if host_window is None else frames_of_window(host_window)
        window = Window(frames, len(frames), Evaluation(timestep, asked_entries(conds)), clip=options.get(CLIP_KEY))
        model_options = with_options(model_options, {WINDOW_KEY: window})
    return executor(model, conds, x_in, timestep, model_options)
