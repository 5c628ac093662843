"""Model files, the three published ones first: what must be in them, checked, in the form in which both bodies load them."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor

from ..method.motion_module import MAX_FRAMES, MotionLayout, MotionModule, motion_layout, sinusoidal_positions
from . import architecture as arch
from .files import WrongFile, check_tensors, looks_like

MOTION = "a MagicAnimate motion module (temporal_attention: keys like `down_blocks.0.motion_modules.0...`)"
ENCODER = "a MagicAnimate appearance encoder (an SD 1.5 UNet in diffusers naming)"
UNET = "a Stable Diffusion 1.5 UNet"
EMPTY_PROMPT = "the text tokens of the empty prompt (`tokens`, tokens x width)"
CONTROLNET = "a DensePose ControlNet for SD 1.5 (in diffusers naming)"

WEIGHTS_FILE = "diffusion_pytorch_model.safetensors"  # as diffusers calls a model's file
PUBLISHED = {  # files of the published layout, by the part that they hold
    "appearance_encoder": f"appearance_encoder/{WEIGHTS_FILE}",
    "densepose_controlnet": f"densepose_controlnet/{WEIGHTS_FILE}",
    "temporal_attention": "temporal_attention/temporal_attention.ckpt",
}

Tensors = Mapping[str, Tensor]
AnyLayout = TypeVar("AnyLayout")


def shapes_of(tensors: Tensors) -> dict[str, tuple[int, ...]]:
    """Returns the shape of every tensor."""
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def layout_or_refuse(
    name: str, tensors: Tensors, expected: str, read_layout: Callable[[arch.Shapes], AnyLayout]
) -> AnyLayout:
    """Reads a layout off the tensors' shapes. Raises WrongFile with what the file looks like instead."""
    try:
        return read_layout(shapes_of(tensors))
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        raise WrongFile(f"{name} looks like {looks_like(shapes_of(tensors))}; expected {expected}.") from error


def motion_weights(name: str, tensors: Tensors) -> tuple[MotionLayout, dict[str, Tensor]]:
    """Returns layout and MotionModule.state_dict() of `temporal_attention`; keys of a UNet around it are left out.

    Raises WrongFile.
    """
    # training wrappers leave `module.`, `unet.` or both before every key
    stripped = {k.removeprefix("module.").removeprefix("unet."): v for k, v in tensors.items()}
    motion = {k: v for k, v in stripped.items() if ".motion_modules." in k}
    if not motion:
        motion = stripped  # some other file: let it be told what it looks like
    layout = layout_or_refuse(name, motion, MOTION, motion_layout)
    tables = {k: motion.pop(k) for k in list(motion) if k.endswith("pos_encoder.pe")}
    with torch.device("meta"):
        expected = shapes_of(MotionModule(layout).state_dict())
    check_tensors(name, motion, expected, MOTION)
    for key, table in tables.items():  # the modules compute their positions, so the file's must be the same
        _, length, width = table.shape
        computed = sinusoidal_positions(length, width, like=torch.empty(0))
        if (table[0].float() - computed).abs().max() > 0.02:  # room for tables stored in half precision
            raise WrongFile(f"{name} has positions of its own (`{key}`); expected the sinusoidal table.")
    return layout, motion


def position_tables(shapes: arch.Shapes) -> dict[str, Tensor]:
    """Computes the tables that the published file of these layers carries, one for every attention, each (1, 24, D)."""
    tables = {}
    for key, shape in shapes.items():
        if key.endswith("to_q.weight"):
            table = sinusoidal_positions(MAX_FRAMES, shape[0], like=torch.empty(0))
            tables[key.removesuffix("to_q.weight") + "pos_encoder.pe"] = table[None].clone()
    return tables


def unet_weights(name: str, tensors: Tensors) -> tuple[arch.UNetShape, Tensors]:
    """Returns the shape of a whole UNet and its tensors, checked. Raises WrongFile."""
    shape = layout_or_refuse(name, tensors, UNET, arch.unet_shape)
    check_tensors(name, tensors, {k: spec.shape for k, spec in arch.unet_tensors(shape).items()}, UNET)
    return shape, tensors


def encoder_weights(name: str, tensors: Tensors) -> tuple[arch.UNetShape, dict[str, Tensor]]:
    """Returns shape and all tensors of the encoder's UNet; the 24 behind the last features, which no file needs, are zeros.

    Raises WrongFile.
    """
    shape = layout_or_refuse(name, tensors, ENCODER, arch.unet_shape)
    whole = arch.unet_tensors(shape)
    expected = whole if "conv_out.weight" in tensors else arch.encoder_tensors(shape)
    check_tensors(name, tensors, {k: spec.shape for k, spec in expected.items()}, ENCODER)
    dtype = next(iter(tensors.values())).dtype
    return shape, {k: tensors[k] if k in tensors else torch.zeros(spec.shape, dtype=dtype) for k, spec in whole.items()}


def controlnet_shape(name: str, tensors: Tensors) -> tuple[arch.UNetShape, tuple[int, ...]]:
    """Returns the shape of the pose ControlNet and the channels of its pose embedding, checked. Raises WrongFile."""
    shape, hint = layout_or_refuse(name, tensors, CONTROLNET, lambda s: (arch.unet_shape(s), arch.hint_widths(s)))
    check_tensors(name, tensors, {k: spec.shape for k, spec in arch.controlnet_tensors(shape, hint).items()}, CONTROLNET)
    return shape, hint


def empty_prompt(name: str, tensors: Tensors) -> Tensor:
    """Returns the text tokens (1, L, D) that stand for the empty prompt where a model has no text encoder.

    Raises WrongFile.
    """
    tokens = tensors.get("tokens")
    if tokens is None or tokens.ndim != 2:
        raise WrongFile(f"{name} looks like {looks_like(shapes_of(tensors))}; expected {EMPTY_PROMPT}.")
    return tokens[None]
