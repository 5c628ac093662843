"""What several node schemas share: inputs made from the table of options, and why a value cannot be used."""

from dataclasses import Field, fields
from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.options import HostSettings, HostWindows
from ..magicanimate_core.host.versions import known_fields
from ..magicanimate_core.options import Options

AppearanceEncoderType = io.Custom("MAGICANIMATE_APPEARANCE_ENCODER")

ADVANCED = {"advanced": True}  # as extra_dict: older hosts have no such argument and ignore the entry
WINDOW_OPTIONS = ("context_length", "context_overlap", "context_schedule", "fuse_method")
ADVANCED_OPTIONS = ("windows_per_batch", "context_stride", "closed_loop")


def schema(category: str = "MagicAnimate", **values: Any) -> io.Schema:
    """Returns an io.Schema in the category of this pack, without the fields that an older host does not know."""
    return io.Schema(category=category, **known_fields(io.Schema, values))


def inputs(*names: str, **changes: Any) -> list[io.Input]:
    """Makes inputs of options, in this order; changes (id, default, tooltip, optional, ...) hold for all of them."""
    declared = {option.name: option for option in fields(HostSettings)}
    return [_input(declared[name], changes) for name in names]


def words(name: str) -> str:
    """Returns what the table of options says of one."""
    return next(option.metadata["words"] for option in fields(HostSettings) if option.name == name)


def _input(option: Field, changes: dict[str, Any]) -> io.Input:
    """An input of the option's kind, with its default, limits, choices and words."""
    limits, choices = option.metadata, HostSettings.choices(option.name)
    values = {"id": option.name, "default": option.default, "tooltip": limits["words"]}
    if choices:
        values["options"] = choices
        if option.name in HostSettings.more_choices:
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


def problem(settings: type[Options] = HostSettings, **values: Any) -> str | None:
    """Returns what is wrong with values that are checked together; linked ones (None) are checked when the node runs."""
    if None in values.values():
        return None
    try:
        settings(**values)
    except ValueError as error:
        return str(error)
    return None


def window_problem(context_length: int | None, context_overlap: int | None) -> str | None:
    """Returns what is wrong with a window."""
    return problem(HostWindows, context_length=context_length, context_overlap=context_overlap)


def size_problem(width: int | None, height: int | None) -> str | None:
    """Returns what is wrong with a size in pixels."""
    return problem(width=width) or problem(height=height)
