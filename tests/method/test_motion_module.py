"""Temporal blocks against diffusers' MotionAdapter on the same weights, and against the published numbers."""

import pytest
import torch
from diffusers import MotionAdapter
from pack.magicanimate_core.method.motion_module import MotionLayout, MotionModule, motion_layout

WIDTHS = (32, 64)
RENAMED = [
    ("temporal_transformer.", ""),
    ("attention_blocks.0", "attn1"),
    ("attention_blocks.1", "attn2"),
    ("norms.0", "norm1"),
    ("norms.1", "norm2"),
    ("ff_norm", "norm3"),
]


def diffusers_name(key: str) -> str:
    for ours, theirs in RENAMED:
        key = key.replace(ours, theirs)
    return key


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    adapter = MotionAdapter(
        block_out_channels=WIDTHS, motion_layers_per_block=1, motion_num_attention_heads=8, motion_max_seq_length=24,
        motion_norm_num_groups=32, use_motion_mid_block=False,
    ).eval()  # fmt: skip
    theirs = {k: torch.randn(v.shape) * 0.2 for k, v in adapter.state_dict().items() if not k.endswith("pos_embed.pe")}
    adapter.load_state_dict(theirs, strict=False)
    sites = {"down_blocks.0.motion_modules.0": 32, "down_blocks.1.motion_modules.0": 64}
    module = MotionModule(MotionLayout(sites)).eval()
    module.load_state_dict({key: theirs[diffusers_name(key)] for key in module.state_dict()})
    return adapter, module


@pytest.mark.parametrize("frames", [1, 7, 24])
@pytest.mark.parametrize("level", [0, 1])
def test_equals_diffusers(pair, frames, level, relative):
    adapter, module = pair
    image = torch.randn(2, 1, WIDTHS[level], 4, 3)
    # diffusers normalises over the clip, MagicAnimate per frame: shifted copies of an image have the same statistics
    x = torch.cat([image.roll(f, -1) for f in range(frames)], 1).flatten(0, 1)  # (B F) C H W
    theirs = adapter.down_blocks[level].motion_modules[0](x, num_frames=frames)
    theirs = getattr(theirs, "sample", theirs)
    assert relative(module.at(f"down_blocks.{level}.motion_modules.0")(x, frames), theirs) < 2e-6


def test_rows_do_not_mix(pair):
    _, module = pair
    x = torch.randn(2 * 5, 32, 3, 3)
    block = module.at("down_blocks.0.motion_modules.0")
    torch.testing.assert_close(block(x, 5)[5:], block(x[5:], 5))


def test_positions_matter(pair):
    _, module = pair
    x = torch.randn(5, 32, 3, 3)
    block = module.at("down_blocks.0.motion_modules.0")
    assert not torch.allclose(block(x.flip(0), 5).flip(0), block(x, 5), atol=1e-3)


def test_layout_is_read_off_the_tensors():
    layout = MotionLayout(
        {"down_blocks.0.motion_modules.0": 32, "mid_block.motion_modules.0": 64}, 32, attentions=3, blocks=2
    )
    shapes = {k: tuple(v.shape) for k, v in MotionModule(layout).state_dict().items()}
    shapes["down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0.attention_blocks.0.pos_encoder.pe"] = (
        1,
        32,
        32,
    )
    assert motion_layout(shapes) == layout


def test_published_numbers(golden, relative, tmp_path):
    from pack.tests.shared import make_weights
    from safetensors.torch import load_file

    weights = load_file(make_weights() / "temporal_attention.safetensors")
    module = MotionModule(motion_layout({k: tuple(v.shape) for k, v in weights.items()}))
    module.load_state_dict({k: v for k, v in weights.items() if not k.endswith(".pe")})
    numbers = golden("components")
    for name in [n for n in numbers if n.startswith("motion") and n.endswith(".input")]:
        site = name.removesuffix(".input").split(".", 1)[1]
        x, expected = numbers[name], numbers[name.removesuffix("input") + "output"]  # B C F H W
        out = module.at(site)(x.transpose(1, 2).flatten(0, 1), x.shape[2])
        assert relative(out.unflatten(0, (x.shape[0], -1)).transpose(1, 2), expected) < 2e-5
