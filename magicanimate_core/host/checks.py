"""What is asked before a run loads anything: whether all that hangs on frames fits the clip, and goes with windows."""

from collections.abc import Callable, Mapping
from typing import Any

from comfy.controlnet import ControlBase
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from torch import Tensor

from .control import PoseControl
from .hints import controls, hints, is_cut_by_us, knows_windows
from .run import CLIP_KEY, add_wrapper_once
from .sliding import WindowHandler, window_handler


def check_first(model: ModelPatcher) -> None:
    """Lets every sampling run of this ModelPatcher check first what it was given."""
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, _check)


def _check(executor: WrapperExecutor, noise: Tensor, *args, **kwargs) -> Tensor:
    """Raises ValueError, before anything is loaded, for what cannot be right with the noise (F, 4, h, w)."""
    guider = executor.class_obj
    handler = window_handler(guider.model_options)
    frames = guider.model_options.get("transformer_options", {}).get(CLIP_KEY, noise.shape[0])
    for control in controls(guider.conds.values()):
        if isinstance(control, PoseControl):
            _check_poses(control.poses.shape[0], frames, handler)
        elif handler is not None:
            _check_hints(control, frames, handler)
    if handler is not None and not handler.is_one_call(handler.padded(frames)):
        _check_single_memories(guider.model_options)
    return executor(noise, *args, **kwargs)


def _check_poses(poses: int, frames: int, handler: WindowHandler | None) -> None:
    """Raises ValueError unless there is a pose for each of the clip's frames (or one pose for all of them)."""
    padded = poses if handler is None else handler.padded(poses)  # the latent may have been padded before
    if poses != 1 and frames not in (poses, padded):
        raise ValueError(
            f"The pose video has {poses} frames but the latent has {frames}: give the latent a batch size of {poses}."
        )


def _check_hints(control: ControlBase, frames: int, handler: WindowHandler) -> None:
    """Raises ValueError for hints of another ControlNet that cannot follow the windows."""
    pictures, kind = hints(control), type(control).__name__
    if pictures is None or pictures.shape[0] == 1 or knows_windows(control):
        return
    if not is_cut_by_us(control):
        if handler.padded(frames) == frames and handler.is_one_call(frames):
            return  # it sees the clip as it is
        raise ValueError(
            f"The ControlNet {kind} has {pictures.shape[0]} hint images, and does not say how windows are to share them: "
            "use one hint image for all frames, or ComfyUI's own ControlNet nodes."
        )
    if pictures.shape[0] < frames:
        raise ValueError(
            f"The ControlNet {kind} has {pictures.shape[0]} hint images but the latent has {frames} frames: give it one per "
            "frame, or one for all."
        )


def _is_easycache(options: Mapping[str, Any]) -> bool:
    return type(options.get("transformer_options", {}).get("easycache")).__name__ == "EasyCacheHolder"


def _is_self_attention_guidance(options: Mapping[str, Any]) -> bool:
    functions = options.get("sampler_post_cfg_function", [])
    return any(getattr(function, "__qualname__", "").startswith("SelfAttentionGuidance.") for function in functions)


# nodes that remember one UNet call per step, and would take another window's for it; and what to do
SINGLE_MEMORIES: list[tuple[Callable[[Mapping[str, Any]], bool], str]] = [
    (
        _is_easycache,
        "EasyCache remembers one output of the UNet, and this clip has several windows: use LazyCache, which remembers the "
        "whole clip's.",
    ),
    (
        _is_self_attention_guidance,
        "Self-Attention Guidance looks at one attention map per step, and this clip has several windows: remove it, or make "
        "the clip no longer than context_length.",
    ),
]


def _check_single_memories(model_options: Mapping[str, Any]) -> None:
    """Raises ValueError for a node that cannot work over several windows."""
    for finds, sentence in SINGLE_MEMORIES:
        if finds(model_options):
            raise ValueError(sentence)
