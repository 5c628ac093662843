"""The rows of the paper's Table 2 that are inputs of Animate: each does what it says, and as published it changes no bit."""

import pytest
import torch
from pack.tests.host.small import EIGHTS, random_poses

CHANGED = 5
LITTLE = {"width": 24, "height": 24}


def unlike(one: torch.Tensor, other: torch.Tensor) -> list[int]:
    """Which frames (F, ...) of the two are not the same to the last bit."""
    return [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if not torch.equal(a, b)]


@pytest.mark.parametrize(("temporal", "reached"), [(False, [CHANGED]), (True, list(range(10)))])
def test_without_temporal_attention_frames_know_nothing_of_one_another(small, temporal, reached):
    """Over whole runs: another pose, or other noise, of one frame."""
    clip = small.poses(10)
    other = clip.clone()
    other[CHANGED] = random_poses(1, 64, 64, seed=8)[0]
    plain, moved = (small.animate(10, **EIGHTS, pose_video=poses, temporal_attention=temporal) for poses in (clip, other))
    assert unlike(plain, moved) == reached


def test_single_frames_are_windows_of_one_frame_without_temporal_blocks(small, relative):
    single = {"steps": 1, "temporal_attention": False}
    whole, own = small.animate(10, **EIGHTS, **single), small.animate(10, **EIGHTS, **single, shared_noise=False)
    single |= {"shared_noise": False, "context_length": 1, "context_overlap": 0}
    alone, batched = small.animate(10, **single), small.animate(10, **single, windows_per_batch=4)
    assert relative(own, alone) < 2e-5 and relative(batched, alone) < 2e-5
    assert relative(whole, own) > 1e-2


def test_the_switch_leaves_the_model_as_it_was(small):
    small.animate(10, **EIGHTS, temporal_attention=False, steps=1)
    assert torch.equal(small.animate(10, **EIGHTS), small.expected(10, **EIGHTS))
    assert torch.equal(
        small.animate(10, **EIGHTS, temporal_attention=True, fuse_method="flat"), small.expected(10, **EIGHTS)
    )


@pytest.mark.parametrize("schedule", ["official", "paper", "standard_static", "looped_uniform"])
@pytest.mark.parametrize("per_batch", [1, 3])
def test_not_fused_every_frame_is_that_of_one_window(schedule, per_batch):
    """To the last bit: every window predicts its own number."""
    from pack.magicanimate_core.host.options import HostWindows
    from pack.magicanimate_core.host.sliding import handler_of

    handler = handler_of(HostWindows(context_schedule=schedule, fuse_method="none", windows_per_batch=per_batch))
    calls = []

    def predicts(model, conds, x, timestep, options):
        rows = torch.arange(len(x)) // 16 + 100 * len(calls) + torch.rand(())  # of windows of 16 frames
        calls.append(rows)
        return [rows.float()[:, None, None, None].expand(x.shape)]

    x = torch.zeros(48, 4, 2, 2)
    (out,) = handler.execute(predicts, None, [None], x, torch.full((48,), 1.0), {"transformer_options": {}})
    made = set(torch.cat(calls).float().tolist())
    assert set(out[:, 0, 0, 0].tolist()) <= made and torch.equal(out, out[:, :1, :1, :1].expand(out.shape))


def test_not_fused_is_something_else_and_agrees_with_no_overlap_where_there_is_none(small, relative):
    assert relative(small.animate(10, **EIGHTS, fuse_method="none"), small.expected(10, **EIGHTS)) > 1e-4
    apart = {"context_length": 8, "context_overlap": 0, "steps": 1}
    assert torch.equal(small.animate(16, fuse_method="none", **apart), small.animate(16, **apart))


@pytest.mark.parametrize("options", [{"guidance_end": 0.6}, {"guidance_every": 2}, {"guidance_start": 1.0}])
def test_guidance_that_is_left_out_is_one_half(small, options):
    """And another node's way to evaluate conditionings stays in use."""
    from comfy.samplers import calc_cond_batch

    asked = []

    def watched(arguments):
        asked.append([cond is not None for cond in arguments["conds"]])
        return calc_cond_batch(*(arguments[name] for name in ("model", "conds", "input", "sigma", "model_options")))

    model = small.temporal().clone()
    model.set_model_sampler_calc_cond_batch_function(watched)
    made = small.animate(4, model=model, **options)
    assert asked == [[True, options != {"guidance_start": 1.0}], [True, False]]
    assert torch.equal(made, small.animate(4, **options))
    assert torch.equal(made, small.animate(4, cfg=1.0)) == (options == {"guidance_start": 1.0})
    assert torch.equal(small.animate(4, model=model), small.animate(4))  # nothing stays


def test_a_preset_is_its_values(small):
    from pack.magicanimate_core.presets import PRESETS

    assert torch.equal(
        small.animate(20, **LITTLE, steps=25, preset="draft"), small.animate(20, **LITTLE, **PRESETS["draft"])
    )
    assert torch.equal(small.animate(20, **LITTLE, preset="published"), small.animate(20, **LITTLE))
    with pytest.raises(ValueError, match="preset draft: move_windows has no effect on looped_uniform windows"):
        small.animate(4, preset="draft", context_schedule="looped_uniform")
