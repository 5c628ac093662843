"""Places in the host's UNetModel where MagicAnimate's parts belong, and what the net's widths are."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from comfy.ldm.modules.attention import BasicTransformerBlock, CrossAttention, SpatialTransformer
from comfy.ldm.modules.diffusionmodules.openaimodel import ResBlock, UNetModel, Upsample
from comfy.model_patcher import ModelPatcher
from torch import Tensor, nn

from ..method.window_norm import join_frames, split_frames
from ..weights.architecture import UNetShape

Place = tuple[str, int]  # the host's name of a block: ("input" | "middle" | "output", number)


def net_shape(unet: nn.Module) -> UNetShape | None:
    """Reads the widths of an SD 1.5-like UNet or ControlNet of the host; None for any other model."""
    stem = getattr(unet, "input_blocks", None)
    if stem is None or getattr(unet, "num_classes", None) is not None:
        return None
    res_blocks = set(unet.num_res_blocks)
    levels = len(unet.num_res_blocks)
    if len(res_blocks) != 1 or len(stem) != levels * (unet.num_res_blocks[0] + 1):
        return None
    per_level = unet.num_res_blocks[0] + 1
    first = [stem[1 + i * per_level] for i in range(levels)]  # the first ResNet block of each level
    texts = {b.attn2.to_k.in_features for b in _transformer_blocks(unet.middle_block) if b.attn2 is not None}
    if len(texts) != 1:
        return None
    return UNetShape(
        widths=tuple(block[0].out_channels for block in first),
        attention=tuple(any(isinstance(layer, SpatialTransformer) for layer in block) for block in first),
        context_width=texts.pop(),
        res_blocks=per_level - 1,
        latent_channels=stem[0][0].in_channels,
    )


def model_unet(model: ModelPatcher) -> UNetModel:
    """Returns the UNet of a MODEL. Raises ValueError where it is none of SD 1.5."""
    unet = getattr(model.model, "diffusion_model", None)
    shape = net_shape(unet) if isinstance(unet, UNetModel) else None
    if shape is None or len(shape.widths) != 4:
        kind = type(model.model.model_config).__name__
        raise ValueError(f"This MODEL is {kind}; MagicAnimate is built on Stable Diffusion 1.5: load an SD 1.5 checkpoint.")
    return unet


def temporal_sites(unet: UNetModel) -> dict[str, nn.Module]:
    """Returns, by published site name, the layer that a temporal block there follows: the last before an upsampler."""
    n = unet.num_res_blocks[0]
    sites = {}
    for level in range(len(unet.num_res_blocks)):
        for j in range(n):
            sites[f"down_blocks.{level}.motion_modules.{j}"] = unet.input_blocks[1 + level * (n + 1) + j][-1]
        for j in range(n + 1):
            layers = [layer for layer in unet.output_blocks[level * (n + 1) + j] if not isinstance(layer, Upsample)]
            sites[f"up_blocks.{level}.motion_modules.{j}"] = layers[-1]
    sites["mid_block.motion_modules.0"] = unet.middle_block[1]
    return sites


def window_norms(unet: UNetModel) -> Iterator[nn.Module]:
    """Finds the GroupNorms that take their statistics over a whole window: both of every ResNet block, and the last one."""
    for module in unet.modules():
        if isinstance(module, ResBlock):
            yield module.in_layers[0]
            yield module.out_layers[0]
    yield unet.out[0]


def reference_blocks(unet: UNetModel) -> dict[Place, BasicTransformerBlock]:
    """Returns the transformer blocks of the middle and the way up, in the order they run: where the reference is read."""
    blocks = {("middle", 0): unet.middle_block} | {("output", i): b for i, b in enumerate(unet.output_blocks)}
    return {place: block for place, layers in blocks.items() for block in _transformer_blocks(layers)}


def cross_attentions(unet: UNetModel) -> dict[Place, CrossAttention]:
    """Returns the attentions to the text: of the way down, the way up, the middle, as IP-Adapters number them."""
    ways = {"input": unet.input_blocks, "output": unet.output_blocks, "middle": [unet.middle_block]}
    blocks = {(way, i): block for way, layers in ways.items() for i, block in enumerate(layers)}
    return {place: block.attn2 for place, layers in blocks.items() for block in _transformer_blocks(layers)}


def _transformer_blocks(layers: Iterable[nn.Module]) -> Iterator[BasicTransformerBlock]:
    for layer in layers:
        if isinstance(layer, SpatialTransformer):
            yield layer.transformer_blocks[0]


@contextmanager
def norms_joined(unet: UNetModel, frames: int) -> Iterator[None]:
    """Lets ResNet statistics span the `frames` frames of a window within the scope.

    The modules' own forward stays in charge of casting, streaming and LoRA.
    """
    with ExitStack() as scope:
        for norm in window_norms(unet):
            before = norm.register_forward_pre_hook(lambda _, args: (join_frames(args[0], frames), *args[1:]))
            scope.callback(before.remove)
            after = norm.register_forward_hook(lambda _, __, out: split_frames(out, frames))
            scope.callback(after.remove)
        yield


@contextmanager
def after_layers(functions: Iterable[tuple[nn.Module, Callable[[Tensor], Tensor]]]) -> Iterator[None]:
    """Passes every layer's output (B, C, h, w) through its function within the scope."""
    with ExitStack() as scope:
        for layer, function in functions:
            handle = layer.register_forward_hook(lambda _, __, out, function=function: function(out))
            scope.callback(handle.remove)
        yield
