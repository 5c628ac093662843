"""Model files become the host's ModelPatchers, so that its memory manager moves, casts and streams them."""

from collections.abc import Mapping
from pathlib import Path
from weakref import WeakValueDictionary

import comfy.cldm.cldm
import comfy.controlnet
import comfy.model_management as mm
import comfy.ops
import comfy.supported_models
import comfy.utils
import torch
from comfy.model_base import ModelType, model_sampling
from comfy.model_patcher import ModelPatcher
from torch import Tensor, nn

from ..method.motion_module import MotionModule
from ..weights import architecture as arch
from ..weights.files import file_name, read_tensors
from ..weights.ip_adapter import read_adapter
from ..weights.published import (
    CONTROLNET,
    ENCODER,
    MOTION,
    UNET,
    controlnet_shape,
    encoder_weights,
    motion_weights,
    unet_weights,
)
from .latents import note_model_base
from .versions import archive_dtypes, is_dynamic, load_arguments, new_patcher

DTYPES = [torch.float16, torch.bfloat16, torch.float32]


def load_motion_module(path: str, disable_dynamic: bool = False) -> ModelPatcher:
    """Loads `temporal_attention` of the published layout, around a MotionModule. Raises WrongFile."""
    layout, tensors = motion_weights(file_name(path), read_file(path, MOTION))
    dtype = _weight_dtype(tensors)
    factory = {"dtype": dtype, "device": mm.unet_offload_device()}
    patcher = _loaded(MotionModule(layout, ops=comfy.ops.manual_cast, **factory), tensors, dtype, disable_dynamic)
    patcher.cached_patcher_init = (load_motion_module, (path,))
    return patcher


def load_ip_adapter(path: str, disable_dynamic: bool = False) -> ModelPatcher:
    """Loads an IP-Adapter of SD 1.5 as published, around an IPAdapter. Raises WrongFile."""
    adapter = read_adapter(Path(path), open_file)
    dtype = _weight_dtype(adapter.tensors)
    net = adapter.build(comfy.ops.manual_cast, dtype=dtype, device=mm.unet_offload_device())
    tensors = {key: adapter.tensors[key] for key in net.state_dict()}
    patcher = _loaded(net, tensors, dtype, disable_dynamic)
    patcher.cached_patcher_init = (load_ip_adapter, (path,))
    return patcher


_motions: WeakValueDictionary[tuple, ModelPatcher] = WeakValueDictionary()  # by file as it is, and device


def motion_module_in_use(path: str) -> ModelPatcher:
    """Returns what load_motion_module gave, as long as anyone has it, so that a change of the MODEL reads no file again.

    The file is known by its place, size and time. Raises WrongFile.
    """
    found = Path(path).stat()
    key = Path(path).resolve(), found.st_size, found.st_mtime_ns, mm.get_torch_device()
    motion = _motions.get(key)
    if motion is None:
        motion = _motions[key] = load_motion_module(path)
    return motion


def load_appearance_encoder(path: str, disable_dynamic: bool = False) -> ModelPatcher:
    """Loads `appearance_encoder` of the published layout, an ordinary SD 1.5 model to the host. Raises WrongFile."""
    patcher = _unet_patcher(*encoder_weights(file_name(path), read_file(path, ENCODER)), disable_dynamic)
    patcher.cached_patcher_init = (load_appearance_encoder, (path,))
    return patcher


def load_unet(path: str, prediction: str = "epsilon", disable_dynamic: bool = False) -> ModelPatcher:
    """Loads a UNet of SD 1.5's architecture, of any width, from a diffusers folder. prediction: as diffusers calls it.

    Raises WrongFile.
    """
    patcher = _unet_patcher(*unet_weights(file_name(path), read_file(path, UNET)), disable_dynamic)
    if prediction == "v_prediction":
        patcher.model.model_type = ModelType.V_PREDICTION
        patcher.model.model_sampling = model_sampling(patcher.model.model_config, ModelType.V_PREDICTION)
    patcher.cached_patcher_init = (load_unet, (path, prediction))
    note_model_base(patcher, Path(path).resolve().parent.parent)
    return patcher


def load_pose_controlnet(path: str) -> comfy.controlnet.ControlNet:
    """Loads `densepose_controlnet` as published, or any SD 1.5 ControlNet that the host knows. Raises WrongFile."""
    tensors = read_file(path, CONTROLNET)
    if any("zero_convs." in k for k in tensors):  # the host's own layout
        return comfy.controlnet.load_controlnet_state_dict(dict(tensors))
    shape, hint = controlnet_shape(file_name(path), tensors)
    dtype = _weight_dtype(tensors)
    cast = mm.unet_manual_cast(dtype, mm.get_torch_device(), DTYPES)
    config = controlnet_config(shape) | {"dtype": dtype, "device": mm.unet_offload_device()}
    net = comfy.cldm.cldm.ControlNet(**config, operations=comfy.ops.pick_operations(dtype, cast))
    weights = {k: v.to(dtype) for k, v in arch.host_keys(arch.controlnet_tensors(shape, hint), tensors).items()}
    for name, convolution in net.input_hint_block.state_dict(prefix="input_hint_block.").items():
        weights[name] = widened(weights[name], convolution.shape)  # only here are widths built in: (16, 32, 96, 256)
    net.load_state_dict(weights)
    return comfy.controlnet.ControlNet(net, load_device=mm.get_torch_device(), manual_cast_dtype=cast)


# --- shared by the loaders -------------------------------------------------------------------------------------------


def read_file(path: str, expected: str) -> dict[str, Tensor]:
    """Returns a file's tensors by name, opened by the host without executing code. Raises WrongFile."""
    return read_tensors(path, expected, open_file)


def open_file(path: str) -> Mapping:
    """Returns what is in a sound file; the host executes no code of it."""
    return comfy.utils.load_torch_file(path, safe_load=True)


def _loaded(module: nn.Module, tensors: Mapping[str, Tensor], dtype: torch.dtype, disable_dynamic: bool) -> ModelPatcher:
    """ModelPatcher around a module of ours, its weights loaded as `dtype`."""
    module.eval().requires_grad_(False)
    archive_dtypes(module)
    patcher = new_patcher(module, disable_dynamic)
    module.load_state_dict({k: v.to(dtype) for k, v in tensors.items()}, assign=is_dynamic(patcher))
    return patcher


def _unet_patcher(shape: arch.UNetShape, tensors: Mapping[str, Tensor], disable_dynamic: bool) -> ModelPatcher:
    """ModelPatcher around the host's SD 1.5 model of this shape."""
    dtype = _weight_dtype(tensors)
    weights = {k: v.to(dtype) for k, v in arch.host_keys(arch.unet_tensors(shape), tensors).items()}
    config = comfy.supported_models.SD15(host_config(shape))
    config.set_inference_dtype(dtype, mm.unet_manual_cast(dtype, mm.get_torch_device(), DTYPES))
    model = config.get_model(weights, "", device=mm.unet_offload_device())
    patcher = new_patcher(model, disable_dynamic)
    model.load_model_weights(weights, "", **load_arguments(patcher))
    return patcher


def widened(weight: Tensor, shape: torch.Size) -> Tensor:
    """Adds zeros for channels that the file lacks, where the host's class has larger widths built in.

    weight: any shape, no side longer than that of `shape`. SiLU(0) is 0, so the result is the same.
    """
    out = weight.new_zeros(shape)
    out[tuple(slice(0, side) for side in weight.shape)] = weight
    return out


def _weight_dtype(tensors: Mapping[str, Tensor]) -> torch.dtype:
    """What the host would keep these weights in: its flags and device decide, then the file."""
    size = sum(t.numel() for t in tensors.values())
    return mm.unet_dtype(model_params=size, supported_dtypes=DTYPES, weight_dtype=comfy.utils.weight_dtype(tensors))


def controlnet_config(shape: arch.UNetShape) -> dict:
    """Returns the arguments of the host's ControlNet for an SD 1.5-like net. Raises ValueError."""
    config = host_config(shape) | {"hint_channels": 3}
    del config["out_channels"], config["transformer_depth_output"]  # it has no way up
    return config


def host_config(shape: arch.UNetShape) -> dict:
    """Returns the arguments of the host's UNetModel for an SD 1.5-like net. Raises ValueError for widths it cannot have."""
    depth = [int(a) for a in shape.attention]
    if any(width % shape.widths[0] for width in shape.widths):
        raise ValueError(f"The widths {shape.widths} are no multiples of the first one: no SD 1.5-like UNet.")
    return {
        "image_size": 32,
        "in_channels": shape.latent_channels,
        "out_channels": shape.latent_channels,
        "model_channels": shape.widths[0],
        "channel_mult": [width // shape.widths[0] for width in shape.widths],
        "num_res_blocks": [shape.res_blocks] * len(shape.widths),
        "transformer_depth": [d for d in depth for _ in range(shape.res_blocks)],
        "transformer_depth_output": [d for d in depth for _ in range(shape.res_blocks + 1)],
        "transformer_depth_middle": 1,
        "context_dim": shape.context_width,
        "use_spatial_transformer": True,
        "use_linear_in_transformer": False,
        "adm_in_channels": None,
        "use_temporal_attention": False,
        "legacy": False,
        "num_heads": 8,
        "num_head_channels": -1,
    }
