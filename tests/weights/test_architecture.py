"""Names and shapes of every tensor against diffusers' own models, whole size and small."""

import math
import re
from dataclasses import replace

import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from pack.magicanimate_core.weights import architecture as arch

SMALL = arch.UNetShape((32, 64, 128, 128), (True, True, True, False), 48)


def diffusers_model(cls, shape: arch.UNetShape, **more):
    with torch.device("meta"):
        return cls(
            block_out_channels=shape.widths, cross_attention_dim=shape.context_width, attention_head_dim=8, **more
        ).state_dict()


@pytest.mark.parametrize("shape", [arch.SD15, SMALL])
@pytest.mark.parametrize(
    ("cls", "table"), [(UNet2DConditionModel, arch.unet_tensors), (ControlNetModel, arch.controlnet_tensors)]
)
def test_tables_are_those_of_diffusers(cls, table, shape):
    more = {} if cls is UNet2DConditionModel else {"conditioning_embedding_out_channels": (16, 32, 96, 256)}
    theirs = {k: tuple(v.shape) for k, v in diffusers_model(cls, shape, **more).items()}
    assert {k: spec.shape for k, spec in table(shape).items()} == theirs
    assert arch.unet_shape(theirs) == shape


@pytest.mark.parametrize(("shape", "places"), [(arch.SD15, 20), (replace(SMALL, res_blocks=1), 12)])
def test_a_temporal_block_follows_every_resnet_block_of_both_ways(shape, places):
    behind = re.compile(r"((?:down|up)_blocks\.\d+\.)resnets(\.\d+)\.conv2\.weight")
    resnets = {
        behind.sub(r"\1motion_modules\2", key): spec.shape[0]
        for key, spec in arch.unet_tensors(shape).items()
        if behind.fullmatch(key)
    }
    assert arch.temporal_widths(shape) == resnets and len(resnets) == places


def test_encoder_lacks_24_tensors_of_the_unet():
    whole, encoder = arch.unet_tensors(arch.SD15), arch.encoder_tensors(arch.SD15)
    assert len(whole) == 686 and len(encoder) == 662
    assert sum(math.prod(spec.shape) for spec in encoder.values()) == 857_066_560
    assert "up_blocks.3.attentions.2.transformer_blocks.0.norm1.weight" in encoder
    assert "up_blocks.3.attentions.2.transformer_blocks.0.attn1.to_q.weight" not in encoder


def test_encoder_ends_with_its_last_attention():
    """Where the widest level has none, as in the demo model, all behind the level before it is left out."""
    shape = arch.UNetShape((32, 64, 96), (False, True, False), 16, res_blocks=1)
    left_out = arch.unet_tensors(shape).keys() - arch.encoder_tensors(shape).keys()
    behind = ("up_blocks.2.", "up_blocks.1.upsamplers.", "conv_norm_out.", "conv_out.", "up_blocks.1.attentions.1.")
    assert {name for name in left_out if not name.startswith(behind)} == set()
    assert {f"up_blocks.1.upsamplers.0.conv.{x}" for x in ("weight", "bias")} <= left_out
    kept = {k for k in arch.encoder_tensors(shape) if k.startswith(behind)}
    assert {name.split(".")[4] for name in kept} == {"norm", "proj_in", "transformer_blocks"} and len(kept) == 6


@pytest.mark.parametrize("widths", [(16, 32, 96, 256), (4, 8)])
def test_pose_embedding_widths_are_read_off(widths):
    theirs = diffusers_model(ControlNetModel, SMALL, conditioning_embedding_out_channels=widths)
    shapes = {k: tuple(v.shape) for k, v in theirs.items()}
    assert arch.hint_widths(shapes) == widths
    assert {k: spec.shape for k, spec in arch.controlnet_tensors(SMALL, widths).items()} == shapes


def test_host_names_are_unique():
    for table in (arch.unet_tensors(arch.SD15), arch.controlnet_tensors(arch.SD15)):
        assert len({spec.host_key for spec in table.values()}) == len(table)


def test_published_key_map(golden):
    import json

    from pack.tests.shared import GOLDEN

    keys = json.loads((GOLDEN / "weight_keys.json").read_text())
    shape = arch.unet_shape({k: tuple(s) for k, s in keys["unet"].items()})
    ours = {f"model.diffusion_model.{spec.host_key}": k for k, spec in arch.unet_tensors(shape).items()}
    assert ours == keys["ldm_key_map"]
    for name, table in (("appearance_encoder", arch.encoder_tensors), ("densepose_controlnet", arch.controlnet_tensors)):
        assert {k: list(spec.shape) for k, spec in table(shape).items()} == keys[name]
