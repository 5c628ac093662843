"""Stand-ins for IP-Adapters and CLIP's image model: the published names and shapes, a hundredth of the width, random."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..weights import architecture as arch
from .random_weights import random_tensors
from .tiny import SHAPE

EMBEDDING_WIDTH, PATCH_WIDTH = 40, 64  # widths of the image model: of a picture's one vector, of a patch's
HEAD_WIDTH = 64  # width of a head of the plus kinds' resampler, which no file says


def write_image_encoder(folder: Path, projection: int = EMBEDDING_WIDTH, hidden: int = PATCH_WIDTH) -> Path:
    """Writes an image model of 32 x 32 pixels and 16 patches."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(0)
    config = CLIPVisionConfig(
        hidden_size=hidden, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, image_size=32, patch_size=8,
        projection_dim=projection, initializer_range=0.2,
    )  # fmt: skip
    CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


def attention_shapes(shape: arch.UNetShape) -> arch.Shapes:
    """Returns the shapes of an IP-Adapter's cross attentions: of the way down, the way up, the middle."""
    places = ("down_blocks.", "up_blocks.", "mid_block.")
    specs = arch.unet_tensors(shape)
    keys = [key for place in places for key in specs if key.startswith(place) and key.endswith("attn2.to_k.weight")]
    return {f"ip_adapter.{2 * i + 1}.to_{x}_ip.weight": specs[key].shape for i, key in enumerate(keys) for x in "kv"}


def plain_adapter(shape: arch.UNetShape = SHAPE, embedding: int = EMBEDDING_WIDTH) -> dict[str, Tensor]:
    """Makes ip-adapter_sd15's tensors: one vector of a photo becomes four tokens."""
    text = shape.context_width
    projection = {"proj.weight": (4 * text, embedding), "proj.bias": (4 * text,)}
    return _adapter(shape, projection | _with_biases({"norm": (text,)}))


def full_face_adapter(shape: arch.UNetShape = SHAPE, hidden: int = PATCH_WIDTH) -> dict[str, Tensor]:
    """Makes ip-adapter-full-face_sd15's tensors: every patch becomes a token."""
    text = shape.context_width
    layers = {"proj.0": (hidden, hidden), "proj.2": (text, hidden), "proj.3": (text,)}
    return _adapter(shape, _with_biases(layers))


def plus_adapter(shape: arch.UNetShape = SHAPE, hidden: int = PATCH_WIDTH) -> dict[str, Tensor]:
    """Makes ip-adapter-plus_sd15's tensors: a resampler of four layers and six tokens."""
    text, inner = shape.context_width, 2 * HEAD_WIDTH
    layers = {"proj_in": (inner, hidden), "proj_out": (text, inner), "norm_out": (text,)}
    projection: dict[str, tuple[int, ...]] = {"latents": (1, 6, inner), **_with_biases(layers)}
    for i in range(4):
        norms = {f"layers.{i}.0.norm{n}": (inner,) for n in (1, 2)} | {f"layers.{i}.1.0": (inner,)}
        matrices = {"0.to_q": (inner, inner), "0.to_kv": (2 * inner, inner), "0.to_out": (inner, inner)}
        matrices |= {"1.1": (4 * inner, inner), "1.3": (inner, 4 * inner)}
        projection |= _with_biases(norms) | {f"layers.{i}.{key}.weight": size for key, size in matrices.items()}
    return _adapter(shape, projection)


def _with_biases(layers: arch.Shapes) -> dict[str, tuple[int, ...]]:
    """A weight and a bias of each layer."""
    return {f"{key}.weight": size for key, size in layers.items()} | {f"{k}.bias": size[:1] for k, size in layers.items()}


def _adapter(shape: arch.UNetShape, projection: arch.Shapes) -> dict[str, Tensor]:
    return random_tensors({f"image_proj.{key}": size for key, size in projection.items()} | attention_shapes(shape), 11)


def write_adapter(path: Path, tensors: dict[str, Tensor]) -> Path:
    """Writes an IP-Adapter as it is published: safetensors, or a pickled file with a dict for each part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file(tensors, path)
        return path
    parts: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        part, name = key.split(".", 1)
        parts.setdefault(part, {})[name] = tensor
    torch.save(parts, path)
    return path
