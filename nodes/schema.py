"""Pieces that several node schemas share."""

import dataclasses

from comfy_api.latest import io

from ..magicanimate_core.host.sliding import CONTEXT_SCHEDULES, FUSE_METHODS
from ..magicanimate_core.media.images import FITS
from ..magicanimate_core.method.windows import check_window

AppearanceEncoder = io.Custom("MAGICANIMATE_APPEARANCE_ENCODER")

ADVANCED = {"advanced": True}  # as extra_dict: older hosts have no such argument and ignore the entry

MAX_SIZE = 16384


def schema(category: str = "MagicAnimate", **fields) -> io.Schema:
    """io.Schema in the category of this pack, without the fields that an older host does not know."""
    known = {field.name for field in dataclasses.fields(io.Schema)}
    return io.Schema(category=category, **{name: value for name, value in fields.items() if name in known})


def size_inputs(default: int, zero: str) -> list:
    return [
        io.Int.Input(
            side,
            default=default,
            min=0,
            max=MAX_SIZE,
            step=8,
            tooltip=f"{side.capitalize()} in pixels, a multiple of 8. 0: {zero}, rounded to a multiple of 8.",
        )
        for side in ("width", "height")
    ]


def fit_input(what: str):
    return io.Combo.Input(
        "fit",
        options=list(FITS),
        default="crop",
        optional=True,
        tooltip=f"How {what} is brought to the size. crop: keep proportions and the middle; stretch: ignore "
        "proportions, as the published code does; pad: keep everything, add borders.",
    )


def window_inputs() -> list:
    return [
        io.Int.Input(
            "context_length",
            default=16,
            min=1,
            max=128,
            tooltip="Frames in a window. The published weights are trained for 16 and know positions for 24. "
            "Memory grows with it, not with the length of the clip.",
        ),
        io.Int.Input(
            "context_overlap",
            default=4,
            min=0,
            max=127,
            tooltip="Frames that neighbouring windows share, less than context_length. More: smoother and slower.",
        ),
        io.Combo.Input(
            "context_schedule",
            options=CONTEXT_SCHEDULES,
            default="official",
            tooltip="official: what the published code does (a ring; the last window wraps to the first frames). "
            "paper: segments as in Sec. 3.3, a short last one filled with the first frames. "
            "The others are ComfyUI's own.",
        ),
        io.Combo.Input(
            "fuse_method",
            options=FUSE_METHODS,
            default="flat",
            tooltip="How predictions of shared frames are joined. flat: plain average, as in the paper; "
            "the others are ComfyUI's own weights.",
        ),
    ]


def advanced_window_inputs() -> list:
    return [
        io.Int.Input(
            "windows_per_batch",
            default=1,
            min=1,
            max=64,
            optional=True,
            extra_dict=ADVANCED,
            tooltip="Windows denoised in one go. More needs more memory and may be faster; the result is the same.",
        ),
        io.Int.Input(
            "context_stride",
            default=1,
            min=1,
            max=16,
            optional=True,
            extra_dict=ADVANCED,
            tooltip="Largest step between a window's frames, as a power of two; ComfyUI's uniform schedules only.",
        ),
        io.Boolean.Input(
            "closed_loop",
            default=False,
            optional=True,
            extra_dict=ADVANCED,
            tooltip="Let windows run over the end of the clip into its beginning; looped_uniform only.",
        ),
    ]


def window_error(context_length: int | None, context_overlap: int | None) -> str | None:
    """What is wrong with the window, for validate_inputs; linked inputs (None) are checked when the node runs."""
    if context_length is None or context_overlap is None:
        return None
    try:
        check_window(context_length, context_overlap)
    except ValueError as error:
        return str(error)
    return None


def size_error(width: int | None, height: int | None) -> str | None:
    for name, size in (("width", width), ("height", height)):
        if size is not None and size % 8:
            return f"{name} is {size}; expected a multiple of 8, for example {max(8, round(size / 8) * 8)}."
    return None
