"""An IP-Adapter on the host's MODEL: its cross attentions read the photo's tokens beside the text's (Table 2b)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import comfy.model_management as mm
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from torch import Tensor

from ..method.hybrid_attention import KeysValues
from ..method.ip_adapter import IPAdapter, add_image
from ..weights.ip_adapter import check_cross_attentions
from . import unet as places
from .attention import host_attention
from .checks import check_first
from .run import KEY, add_wrapper_once, call_of, track_runs

ADAPTER_KEY = f"{KEY}.ip_adapter"

Images = Mapping[places.Place, KeysValues]  # of no photo and of the photo, each (2, T, width)


def check_adapter(model: ModelPatcher, net: IPAdapter) -> None:
    """Raises WrongFile unless an IP-Adapter was made for this MODEL's architecture."""
    layers = [attention.to_k for attention in places.cross_attentions(places.model_unet(model)).values()]
    check_cross_attentions(net.name, net.state_dict(), [(layer.out_features, layer.in_features) for layer in layers])


def apply_ip_adapter(model: ModelPatcher, adapter: ModelPatcher, seen: Tensor, scale: float) -> ModelPatcher:
    """Returns a clone of a MODEL of SD 1.5 whose conditional rows see a photo through an IP-Adapter.

    adapter: from load_ip_adapter; its weights are needed here only, no step has to make room for them. seen: what it reads
    of no photo, as all other rows do, and of the photo, (2, E) or (2, L, E). scale: factor on what the photo adds.
    """
    images = dict(zip(places.cross_attentions(places.model_unet(model)), _keys_values(adapter, seen), strict=True))
    model = model.clone()
    track_runs(model)
    check_first(model)
    model.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, ADAPTER_KEY)  # a second photo takes the place
    if scale:
        add_wrapper_once(model, WrappersMP.DIFFUSION_MODEL, partial(_adapter_forward, images, scale), ADAPTER_KEY)
    return model


def _keys_values(adapter: ModelPatcher, seen: Tensor) -> list[KeysValues]:
    """The photo's keys and values (2, T, width) for the cross attentions in order, fp32, off the device."""
    mm.load_models_gpu([adapter])
    pairs = adapter.model.keys_values(seen.to(adapter.load_device, torch.float32))
    return [tuple(t.to(mm.intermediate_device()) for t in pair) for pair in pairs]


@torch.compiler.disable(recursive=False)  # what it calls may be compiled: the UNet, as one graph
def _adapter_forward(
    images: Images, scale: float, executor: WrapperExecutor, x: Tensor, timesteps: Tensor, context: Tensor, y: Any,
    control: Any, transformer_options: dict, **kwargs,
) -> Tensor:  # fmt: skip
    """Runs the UNet on x (B, 4, h, w) with what each of its conditionings sees of the photo."""
    run, rows = call_of(context, transformer_options)
    kind = x.dtype, x.device
    if kind not in run.images:  # once for all windows and steps
        run.images[kind] = {place: tuple(t.to(x) for t in pair) for place, pair in images.items()}
    seen = [int(row is not None and row.positive) for row in rows]
    options = _with_images(run.images[kind], seen, scale, transformer_options)
    return executor(x, timesteps, context, y, control, options, **kwargs)


def _with_images(images: Images, seen: Sequence[int], scale: float, transformer_options: dict) -> dict:
    """transformer_options under which cross attentions also read images; seen: which of the two, for each conditioning."""
    replaced = {**transformer_options.get("patches_replace", {})}
    attentions = {**replaced.get("attn2", {})}
    for place, pair in images.items():
        key = (*place, 0) if (*place, 0) in attentions else place  # the host asks for a layer's own first
        rows = [tuple(t[i : i + 1] for t in pair) for i in seen]
        attentions[key] = partial(_attend, rows, scale, attentions.get(key))
    return {**transformer_options, "patches_replace": {**replaced, "attn2": attentions}}


def _attend(
    images: Sequence[KeysValues], scale: float, other: Callable[..., Tensor] | None, q: Tensor, k: Tensor, v: Tensor,
    options: dict,
) -> Tensor:  # fmt: skip
    """The host's attn2 replacement: q (B, L, D), k and v (B, M, D), projected. other: another pack's, which has the text."""
    attend = host_attention(options)
    text = attend(q, k, v) if other is None else other(q, k, v, options)
    return add_image(text, q, images, scale, attend)
