"""Stable Diffusion 1.5's UNet and ControlNet as tables: every tensor's published (diffusers) name, host name, shape.

One walk over the architecture answers three questions: how wide is the net in this file, which keys must it have,
and what is each key called in the single-file layout that ComfyUI's modules use.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

Shapes = Mapping[str, tuple[int, ...]]
Entry = tuple[str, str, tuple[int, ...]]  # diffusers prefix, host prefix, weight shape (with a bias of shape[:1])


class TensorSpec(NamedTuple):
    host_key: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class UNetShape:
    widths: tuple[int, ...]  # channels of each resolution level
    attention: tuple[bool, ...]  # does the level have spatial transformers
    context_width: int  # width of the text tokens
    res_blocks: int = 2  # ResNet blocks per level going down
    latent_channels: int = 4

    @property
    def time_width(self) -> int:
        return 4 * self.widths[0]


SD15 = UNetShape((320, 640, 1280, 1280), (True, True, True, False), 768)
LATENT_SCALE = 0.18215  # of SD 1.5's VAE: latents times this have unit variance
HINT_WIDTHS = (16, 32, 96, 256)  # of the published ControlNet's pose embedding


def unet_shape(shapes: Shapes) -> UNetShape:
    """Reads the architecture off a net's tensors in diffusers naming. Raises KeyError, IndexError or ValueError."""
    levels = 1 + max(int(k.split(".")[1]) for k in shapes if k.startswith("down_blocks."))
    text_keys = sorted(k for k in shapes if k.endswith("attn2.to_k.weight"))
    return UNetShape(
        widths=tuple(shapes[f"down_blocks.{i}.resnets.0.conv1.weight"][0] for i in range(levels)),
        attention=tuple(f"down_blocks.{i}.attentions.0.norm.weight" in shapes for i in range(levels)),
        context_width=shapes[text_keys[0]][1],
        res_blocks=sum(f"down_blocks.0.resnets.{j}.conv1.weight" in shapes for j in range(10)),
        latent_channels=shapes["conv_in.weight"][1],
    )


def unet_tensors(shape: UNetShape) -> dict[str, TensorSpec]:
    """Lists every tensor of the UNet, by diffusers name."""
    return _with_biases([*_stem(shape), *_down(shape), *_middle(shape), *_up(shape), *_head(shape)])


def encoder_tensors(shape: UNetShape) -> dict[str, TensorSpec]:
    """Lists the appearance encoder's: the UNet's, less what lies behind the last features anybody reads (SD 1.5: 24)."""
    levels = len(shape.widths)
    up = max(i for i in range(levels) if shape.attention[-1 - i])  # the last block with attention
    last = f"up_blocks.{up}.attentions.{shape.res_blocks}."
    read = tuple(last + name for name in ("norm.", "proj_in.", "transformer_blocks.0.norm1."))
    behind = ("conv_norm_out.", "conv_out.", last, f"up_blocks.{up}.upsamplers.")
    behind += tuple(f"up_blocks.{i}." for i in range(up + 1, levels))
    return {key: spec for key, spec in unet_tensors(shape).items() if not key.startswith(behind) or key.startswith(read)}


def hint_widths(shapes: Shapes) -> tuple[int, ...]:
    """Reads the channels of a ControlNet's pose embedding off its tensors in diffusers naming. Raises KeyError."""
    prefix = "controlnet_cond_embedding."
    wider = sum(k.startswith(f"{prefix}blocks.") and k.endswith(".weight") for k in shapes) // 2
    places = ["conv_in", *(f"blocks.{2 * i + 1}" for i in range(wider))]
    return tuple(shapes[f"{prefix}{place}.weight"][0] for place in places)


def controlnet_tensors(shape: UNetShape, hint_widths: tuple[int, ...] = HINT_WIDTHS) -> dict[str, TensorSpec]:
    """Lists every tensor of the pose ControlNet, by diffusers name."""
    hint = list(_pose_embedding(shape, hint_widths))
    outputs = [
        (f"controlnet_down_blocks.{i}", f"zero_convs.{i}.0", (width, width, 1, 1))
        for i, width in enumerate(_skip_widths(shape))
    ]
    deepest = shape.widths[-1]
    outputs.append(("controlnet_mid_block", "middle_block_out.0", (deepest, deepest, 1, 1)))
    return _with_biases([*_stem(shape), *_down(shape), *_middle(shape), *hint, *outputs])


def temporal_widths(shape: UNetShape) -> dict[str, int]:
    """Returns the channels at the 20 places (of SD 1.5) of the published temporal blocks; none in the middle."""
    widths = {}
    for i, (down, up) in enumerate(zip(shape.widths, reversed(shape.widths), strict=True)):
        widths |= {f"down_blocks.{i}.motion_modules.{j}": down for j in range(shape.res_blocks)}
        widths |= {f"up_blocks.{i}.motion_modules.{j}": up for j in range(shape.res_blocks + 1)}
    return widths


def host_keys(specs: Mapping[str, TensorSpec], tensors: Mapping) -> dict:
    """Returns the same tensors under the host's names. Keys that `specs` does not know are left out."""
    return {spec.host_key: tensors[key] for key, spec in specs.items() if key in tensors}


# --- the walk ------------------------------------------------------------------------------------------------------

NO_BIAS = ("to_q", "to_k", "to_v")


def _with_biases(entries: list[Entry]) -> dict[str, TensorSpec]:
    table = {}
    for name, host, shape in entries:
        table[f"{name}.weight"] = TensorSpec(f"{host}.weight", shape)
        if not name.endswith(NO_BIAS):
            table[f"{name}.bias"] = TensorSpec(f"{host}.bias", shape[:1])
    return table


def _skip_widths(shape: UNetShape) -> list[int]:
    """Channels of the 12 skip connections (of SD 1.5), in the order they are made."""
    skips = [shape.widths[0]]
    for i, width in enumerate(shape.widths):
        skips += [width] * (shape.res_blocks + (i < len(shape.widths) - 1))
    return skips


def _stem(shape: UNetShape) -> Iterator[Entry]:
    yield "conv_in", "input_blocks.0.0", (shape.widths[0], shape.latent_channels, 3, 3)
    yield "time_embedding.linear_1", "time_embed.0", (shape.time_width, shape.widths[0])
    yield "time_embedding.linear_2", "time_embed.2", (shape.time_width, shape.time_width)


def _head(shape: UNetShape) -> Iterator[Entry]:
    yield "conv_norm_out", "out.0", (shape.widths[0],)
    yield "conv_out", "out.2", (shape.latent_channels, shape.widths[0], 3, 3)


def _pose_embedding(shape: UNetShape, widths: tuple[int, ...]) -> Iterator[Entry]:
    """Pairs of convolutions, the second of each wider and half as large; in the host's list an activation follows each."""
    steps = [(a, out) for a, b in zip(widths, widths[1:], strict=False) for out in (a, b)]  # channels in, channels out
    yield "controlnet_cond_embedding.conv_in", "input_hint_block.0", (widths[0], 3, 3, 3)
    for n, (channels, out) in enumerate(steps):
        layer = 2 * (n + 1)
        yield f"controlnet_cond_embedding.blocks.{n}", f"input_hint_block.{layer}", (out, channels, 3, 3)
    layer = 2 * (len(steps) + 1)
    yield "controlnet_cond_embedding.conv_out", f"input_hint_block.{layer}", (shape.widths[0], widths[-1], 3, 3)


def _down(shape: UNetShape) -> Iterator[Entry]:
    block, width_in = 1, shape.widths[0]
    for i, width in enumerate(shape.widths):
        for j in range(shape.res_blocks):
            yield from _resnet(f"down_blocks.{i}.resnets.{j}", f"input_blocks.{block}.0", width_in, width, shape)
            if shape.attention[i]:
                yield from _transformer(f"down_blocks.{i}.attentions.{j}", f"input_blocks.{block}.1", width, shape)
            block, width_in = block + 1, width
        if i < len(shape.widths) - 1:
            yield f"down_blocks.{i}.downsamplers.0.conv", f"input_blocks.{block}.0.op", (width, width, 3, 3)
            block += 1


def _middle(shape: UNetShape) -> Iterator[Entry]:
    width = shape.widths[-1]
    yield from _resnet("mid_block.resnets.0", "middle_block.0", width, width, shape)
    yield from _transformer("mid_block.attentions.0", "middle_block.1", width, shape)
    yield from _resnet("mid_block.resnets.1", "middle_block.2", width, width, shape)


def _up(shape: UNetShape) -> Iterator[Entry]:
    block, width_in, skips = 0, shape.widths[-1], _skip_widths(shape)
    for i, width in enumerate(reversed(shape.widths)):
        attention = shape.attention[-1 - i]
        for j in range(shape.res_blocks + 1):
            total = width_in + skips.pop()
            yield from _resnet(f"up_blocks.{i}.resnets.{j}", f"output_blocks.{block}.0", total, width, shape)
            if attention:
                yield from _transformer(f"up_blocks.{i}.attentions.{j}", f"output_blocks.{block}.1", width, shape)
            block, width_in = block + 1, width
        if i < len(shape.widths) - 1:
            layer = 2 if attention else 1  # after ResNet and transformer
            place = f"output_blocks.{block - 1}.{layer}.conv"
            yield f"up_blocks.{i}.upsamplers.0.conv", place, (width, width, 3, 3)


def _resnet(name: str, host: str, width_in: int, width: int, shape: UNetShape) -> Iterator[Entry]:
    yield f"{name}.norm1", f"{host}.in_layers.0", (width_in,)
    yield f"{name}.conv1", f"{host}.in_layers.2", (width, width_in, 3, 3)
    yield f"{name}.time_emb_proj", f"{host}.emb_layers.1", (width, shape.time_width)
    yield f"{name}.norm2", f"{host}.out_layers.0", (width,)
    yield f"{name}.conv2", f"{host}.out_layers.3", (width, width, 3, 3)
    if width_in != width:
        yield f"{name}.conv_shortcut", f"{host}.skip_connection", (width, width_in, 1, 1)


def _transformer(name: str, host: str, width: int, shape: UNetShape) -> Iterator[Entry]:
    layers: list[tuple[str, tuple[int, ...]]] = [("norm", (width,)), ("proj_in", (width, width, 1, 1))]
    block = "transformer_blocks.0."
    for attention, keys_width in (("attn1", width), ("attn2", shape.context_width)):
        layers += [(f"{block}{attention}.to_q", (width, width)), (f"{block}{attention}.to_out.0", (width, width))]
        layers += [(f"{block}{attention}.to_{x}", (width, keys_width)) for x in "kv"]
    layers += [(f"{block}norm{n}", (width,)) for n in (1, 2, 3)]
    layers += [(f"{block}ff.net.0.proj", (8 * width, width)), (f"{block}ff.net.2", (width, 4 * width))]
    layers += [("proj_out", (width, width, 1, 1))]
    yield from ((f"{name}.{layer}", f"{host}.{layer}", layer_shape) for layer, layer_shape in layers)
