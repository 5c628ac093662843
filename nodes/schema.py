"""What several node schemas share: inputs made from the table of options, and why a value cannot be used."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.declaring import Options
from ..magicanimate_core.host.options import HostSettings, HostWindows
from ..magicanimate_core.host.versions import known_fields
from ..magicanimate_core.method.noise import TRAIN_TIMESTEPS
from ..magicanimate_core.presets import Presets

AppearanceEncoderType = io.Custom("MAGICANIMATE_APPEARANCE_ENCODER")
IPAdapterType = io.Custom("MAGICANIMATE_IP_ADAPTER")
DensePoseType = io.Custom("MAGICANIMATE_DENSEPOSE")

MAX_STEPS = TRAIN_TIMESTEPS - 1  # of all our spacings: the host holds a limit better than a rule of two inputs
ADVANCED = {"advanced": True}  # as extra_dict: older hosts have no such argument and ignore the entry
WINDOW_OPTIONS = ("context_length", "context_overlap", "context_schedule", "fuse_method")
ADVANCED_OPTIONS = ("windows_per_batch", "context_stride", "closed_loop")
GUIDANCE_OPTIONS = ("guidance_start", "guidance_end", "guidance_every")


def schema(category: str = "MagicAnimate", **values: Any) -> io.Schema:
    """Returns an io.Schema in the category of this pack, without the fields that an older host does not know."""
    return io.Schema(category=category, **known_fields(io.Schema, values))


def inputs(*names: str, group: type[Options] = HostSettings, **changes: Any) -> list[io.Input]:
    """Makes inputs of a group's options, in this order; of all of them, where none is named.

    changes (id, default, tooltip, optional, ...) hold for all of them.
    """
    declared = {option.name: option for option in fields(group)}
    return [_input(declared[name], changes, group) for name in names or declared]


def option_words(name: str) -> str:
    """Returns what the table of options says of one."""
    return _declared(name).metadata["words"]


def _declared(name: str) -> Field:
    return next(option for option in fields(HostSettings) if option.name == name)


def _input(option: Field, changes: dict[str, Any], group: type[Options]) -> io.Input:
    """An input of the option's kind, with its default, limits, choices and words."""
    limits, choices = option.metadata, group.choices(option.name)
    values = {"id": option.name, "default": option.default, "tooltip": limits["words"]}
    if choices:
        values["options"] = choices
        if option.name in group.more_choices:
            values["tooltip"] += " The others are ComfyUI's own."
        return io.Combo.Input(**values | changes)
    if isinstance(option.default, bool):
        return io.Boolean.Input(**values | changes)
    values |= {"min": limits["low"], "max": limits["high"]}
    values |= {name: limits[name] for name in ("step", "round") if name in limits}
    kind = io.Float if isinstance(option.default, float) else io.Int
    return kind.Input(**values | changes)


def window_inputs() -> list[io.Input]:
    """Makes the inputs that tell which frames are denoised together."""
    return inputs(*WINDOW_OPTIONS)


def advanced_window_inputs() -> list[io.Input]:
    """Makes the inputs that few need, at the end, where workflows saved without them go on working."""
    return inputs(*ADVANCED_OPTIONS, optional=True, extra_dict=ADVANCED)


def less_work_inputs() -> list[io.Input]:
    """Makes the inputs that take work off a run, at the very end, for the same reason."""
    advanced = inputs("move_windows", *GUIDANCE_OPTIONS, optional=True, extra_dict=ADVANCED)
    return [*advanced, *inputs("preset", group=Presets, optional=True)]


def given(group: type[Options], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a group's options among a node's inputs; linked ones are None until they are known."""
    return {option.name: inputs[option.name] for option in fields(group) if inputs.get(option.name) is not None}


def window_problem(context_length: Any, context_overlap: int | None) -> str | None:
    """Returns what is wrong with an overlap; None where it is not known yet. Nor does a length speak that cannot be."""
    if context_overlap is None:
        return None
    limits = _declared("context_length").metadata
    known = isinstance(context_length, int) and limits["low"] <= context_length <= limits["high"]
    try:
        HostWindows(context_length=context_length if known else limits["high"], context_overlap=context_overlap)
    except ValueError as error:
        return str(error)
    return None
