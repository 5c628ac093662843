"""What older ComfyUIs lack, a function each. When the oldest version that is supported changes, this file gets shorter."""

import dataclasses
from typing import Any

import comfy.model_management as mm
import comfy.model_patcher
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import ComfyAPI, io
from torch import Tensor, nn


def new_patcher(model: nn.Module, disable_dynamic: bool = False) -> ModelPatcher:
    """Puts a model under the host's memory manager; before dynamic VRAM there is one kind of patcher only."""
    cls = getattr(comfy.model_patcher, "CoreModelPatcher", ModelPatcher)
    if disable_dynamic:
        cls = ModelPatcher
    return cls(model, load_device=mm.get_torch_device(), offload_device=mm.unet_offload_device())


def is_dynamic(patcher: ModelPatcher) -> bool:
    """Returns whether dynamic VRAM streams this patcher's weights; older hosts have no such thing."""
    return getattr(patcher, "is_dynamic", lambda: False)()


def load_arguments(patcher: ModelPatcher) -> dict[str, Any]:
    """Returns what loading weights into the host's own model takes: `assign` only where dynamic VRAM wants it."""
    return {"assign": True} if is_dynamic(patcher) else {}


def archive_dtypes(module: nn.Module) -> None:
    """Lets dynamic VRAM remember in which dtypes the weights came."""
    if hasattr(mm, "archive_model_dtypes"):
        mm.archive_model_dtypes(module)


def pin(tensor: Tensor) -> bool:
    """Lets the device read a tensor (contiguous, off it) without a copy between, until `unpin`; says whether it does now.

    The host decides how much memory may be so, and on which machines; older ones do not.
    """
    return getattr(mm, "pin_memory", lambda tensor: False)(tensor)


def unpin(tensor: Tensor) -> None:
    """Undoes `pin` for a tensor that it said yes to."""
    mm.unpin_memory(tensor)


def frames_of_window(window: Any) -> tuple[int, ...]:
    """Returns the frames of one of the host's own context windows; newer hosts may put one more before them."""
    anchor = getattr(window, "causal_anchor_index", None)
    lead = () if anchor is None or anchor < 0 else (anchor,)
    return (*lead, *window.index_list)


async def replace_node(**values: Any) -> None:
    """Registers one of our nodes in place of another; values as of io.NodeReplace. Older hosts replace none."""
    if hasattr(io, "NodeReplace"):
        await ComfyAPI().node_replacement.register(io.NodeReplace(**values))


def known_fields(schema: type, values: dict[str, Any]) -> dict[str, Any]:
    """Leaves out what this host's node schema does not know, such as search aliases."""
    known = {field.name for field in dataclasses.fields(schema)}
    return {name: value for name, value in values.items() if name in known}
