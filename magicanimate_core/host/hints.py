"""ControlNets of the host, and of other packs, that hang on frames: their hints follow the windows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import comfy.controlnet
import torch
from comfy.controlnet import ControlBase
from torch import Tensor

from .control import PoseControl
from .rows import control_chain


def controls(conds: Iterable[list[dict] | None]) -> list[ControlBase]:
    """Finds every ControlNet of some conditionings, those that hang on others included, each once."""
    found: dict[int, ControlBase] = {}
    for entry in (entry for entries in conds for entry in entries or []):
        found |= {id(control): control for control in control_chain(entry.get("control"))}
    return list(found.values())


def hints(control: ControlBase) -> Tensor | None:
    """Returns the pictures (n, C, H, W) that steer a ControlNet, where it has any."""
    pictures = control.cond_hint_original
    return pictures if isinstance(pictures, Tensor) else None


def is_cut_by_us(control: ControlBase) -> bool:
    """Whether a ControlNet is the host's own and takes the hints that lie in it; ours, and those of packs, know windows."""
    return type(control).__module__ == comfy.controlnet.__name__ and not isinstance(control, PoseControl)


def knows_windows(control: ControlBase) -> bool:
    """Whether a ControlNet cuts its hints by itself: ours, and those that look for the frames in transformer options."""
    return isinstance(control, PoseControl) or hasattr(control, "sub_idxs")


@contextmanager
def hints_cut(conds: Iterable[list[dict] | None], frames: Sequence[int]) -> Iterator[None]:
    """Lets the host's own ControlNets see the hints of these frames only, within the scope.

    A ControlNet keeps what it made of its hints from call to call, so that is let go of before and after.
    """
    with ExitStack() as scope:
        for control in controls(conds):
            if is_cut_by_us(control) and (pictures := hints(control)) is not None and pictures.shape[0] > 1:
                scope.callback(_put, control, pictures, control.extra_concat_orig)
                _put(control, _cut(pictures, frames), [_cut(mask, frames) for mask in control.extra_concat_orig])
        yield


def _put(control: ControlBase, pictures: Tensor, masks: list[Tensor]) -> None:
    """Gives a ControlNet its hints (n, C, H, W), and masks that go with them."""
    control.cond_hint_original, control.extra_concat_orig, control.cond_hint = pictures, masks, None


def _cut(clip: Tensor, frames: Sequence[int]) -> Tensor:
    """(n, ...) -> (len(frames), ...); one picture is for all frames, and the last stays for padding."""
    return clip if clip.shape[0] == 1 else clip[torch.tensor(frames).clamp(max=clip.shape[0] - 1)]
