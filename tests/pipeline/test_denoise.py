"""The diffusers body: the official numbers, one result for every number of processes, work shared evenly."""

from dataclasses import replace

import pytest
import torch
from pack.magicanimate_core.method.windows import SCHEDULES, share_out
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.conditions import Conditions, PoseImages
from pack.magicanimate_core.pipeline.denoise import (
    ONE_WORKER,
    Workers,
    can_begin_at,
    denoise,
    last,
    predict,
    predict_windows,
)

RUNS = {"N16_s4_cfg7.5": (16, 4, 16), "N48_s3_cfg7.5": (48, 3, 48), "pad21to32_s2_cfg7.5": (21, 2, 32)}


@pytest.fixture(scope="module")
def official():
    from pack.magicanimate_core.pipeline import models as m
    from pack.magicanimate_core.pipeline.base import read_weights, single_unet
    from pack.magicanimate_core.pipeline.nets import Nets, TemporalUNet
    from pack.tests.shared import GOLDEN, make_weights

    if not GOLDEN.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/golden)")
    folder = make_weights()
    single = folder / "unet_ldm.safetensors"  # the layout of single-file checkpoints
    nets = Nets(
        unet=TemporalUNet(
            single_unet(single, read_weights(single, "a UNet")), m.load_motion(folder / "temporal_attention.ckpt")
        ),
        encoder=m.load_encoder(folder / "appearance_encoder.safetensors"),
        controlnet=m.load_controlnet(folder / "densepose_controlnet.safetensors"),
    )
    return nets.to("cpu", torch.float32)


@pytest.mark.parametrize("name", RUNS)
def test_final_latents_are_the_official_ones(official, golden, relative, name):
    inputs, (frames, steps, total) = golden("inputs"), RUNS[name]
    conditions = Conditions(
        reference=inputs["ref_latents"],
        positive=inputs["text_cond"],
        negative=inputs["text_uncond"],
        poses=PoseImages(inputs["pose"][:frames]),
    )
    noise = inputs[f"init_latents.N{total}"]
    latents = last(denoise(official, conditions, noise, Settings(steps=steps)), noise)
    assert relative(latents[:frames], golden("sampling")[f"{name}.final_latents"][:frames]) < 5e-5


@pytest.mark.parametrize(
    ("frames", "overlap", "ranks"), [(24, 2, 2), (24, 2, 3), (24, 2, 5), (24, 2, 9), (24, 6, 5), (8, 2, 2), (8, 2, 9)]
)
def test_every_number_of_processes_gives_the_same(nets, conditions, ranks, frames, overlap):
    """Processes one after another, their sums collected: the total is that of one process to the last bit but few."""
    settings = Settings(context_length=8, context_overlap=overlap)
    latents = torch.randn(frames, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    sums, rows = {}, {}

    def collect(key):
        return lambda tensor: sums.__setitem__(key, tensor.clone())

    for count in (1, ranks):
        for rank in range(count):
            handle = nets.controlnet.register_forward_pre_hook(
                lambda _, args, key=(rank, count): rows.__setitem__(key, rows.get(key, 0) + len(args[0]))
            )
            workers = Workers(rank=rank, count=count, reduce=collect((rank, count)))
            predict(nets, conditions, latents, 501, settings, workers)
            handle.remove()
    alone, together = sums[0, 1], sum(sums[rank, ranks] for rank in range(ranks))
    assert ((alone - together).norm() / alone.norm()) < 1e-9
    windows = SCHEDULES["official"].windows(frames, 8, overlap)
    for rank in range(ranks):  # each frame at most once in every process that needs it
        needed = {f for i in share_out(len(windows), rank, ranks) for f in windows[i]}
        assert rows.get((rank, ranks), 0) == len(needed)


@pytest.mark.parametrize(("windows", "ranks"), [(8, 2), (8, 4), (9, 3), (7, 3), (2, 5), (1, 1)])
def test_windows_are_shared_out_evenly(windows, ranks):
    shares = [list(share_out(windows, rank, ranks)) for rank in range(ranks)]
    assert sum(shares, []) == list(range(windows))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_guidance_one_needs_no_unconditional_rows(nets, conditions, relative):
    latents = torch.randn(16, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    both = predict(nets, conditions, latents, 501, Settings(cfg=1.0 + 1e-6), ONE_WORKER)
    rows = []
    handle = nets.unet.unet.conv_in.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    half = predict(nets, conditions, latents, 501, Settings(cfg=1.0), ONE_WORKER)
    handle.remove()
    assert relative(half, both) < 1e-4 and rows == [16]


def rows_of_steps(nets, steps):
    """How many rows the UNet sees at each step."""
    rows, seen = [], []
    handle = nets.unet.unet.conv_in.register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    latents = []
    for after in steps:
        latents.append(after)
        rows.append(sum(seen))
        seen.clear()
    handle.remove()
    return rows, latents


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({"guidance_start": 0.5}, [8, 8, 16, 16]),
        ({"guidance_end": 0.6}, [16, 16, 8, 8]),
        ({"guidance_every": 3}, [16, 8, 8, 16]),
        ({"guidance_start": 1.0}, [8, 8, 8, 8]),
    ],
)
def test_guidance_that_is_not_computed_costs_nothing_and_a_run_may_be_cut_anywhere_else(nets, conditions, options, rows):
    settings = Settings(steps=4, context_length=8, context_overlap=2, **options)
    noise = torch.randn(8, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    counted, latents = rows_of_steps(nets, denoise(nets, conditions, noise, settings))
    assert counted == rows
    unguided = last(denoise(nets, conditions, noise, replace(settings, cfg=1.0)), noise)
    assert torch.equal(unguided, latents[-1]) == (rows == [8] * 4)
    cuts = [step for step in range(1, 5) if can_begin_at(settings, step)]
    assert cuts == ([3, 4] if "guidance_every" in options else [1, 2, 3, 4])
    for step in cuts:
        again = last(denoise(nets, conditions, latents[step - 1], settings, first_step=step), latents[step - 1])
        assert torch.equal(again, latents[-1])


def test_unconditional_rows_ignore_the_reference(nets, conditions):
    latents = torch.randn(16, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    other = replace(conditions, reference=-conditions.reference)
    alone = Settings(cfg=1.0)  # conditional rows only
    assert not torch.equal(
        predict(nets, conditions, latents, 501, alone, ONE_WORKER), predict(nets, other, latents, 501, alone, ONE_WORKER)
    )
    halves = []
    for given in (conditions, other):
        with torch.inference_mode():
            halves.append(
                next(predict_windows(nets, given, latents, 501, Settings(), windows=[list(range(16))], halves=2))[1]
            )
    assert torch.equal(halves[0][0], halves[1][0]) and not torch.equal(halves[0][1], halves[1][1])


def test_strength_zero_is_no_pose(nets, conditions):
    latents = torch.randn(16, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    called = nets.controlnet.register_forward_pre_hook(lambda *_: pytest.fail("the ControlNet ran"))
    predict(nets, conditions, latents, 501, Settings(pose_strength=0.0), ONE_WORKER)
    called.remove()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"context_length": 25}, "24 frames"),
        ({"context_overlap": 16}, "smaller than context_length"),
        ({"steps": 1000}, "1 to 999"),
        ({"sampler_name": "heun"}, "sampler_name is heun; expected one of ddim"),
        ({"context_schedule": "standard_static"}, "expected one of official, paper"),
    ],
)
def test_settings_that_cannot_be_used(changes, words):
    with pytest.raises(ValueError, match=words):
        Settings(**changes).check_window(24)


def test_after_the_last_step_comes_the_result():
    """Where an interrupted job has all its steps behind it, that is what it begins with."""
    start, steps = torch.zeros(1), [torch.ones(1), torch.full((1,), 2.0)]
    assert last(iter(steps), start) is steps[-1] and last(iter([]), start) is start


def test_without_a_reference_the_encoder_has_no_say(nets, conditions):
    """Table 2's "no appearance encoder": it does not run, and guidance is that of the pose alone."""
    latents = torch.randn(16, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    none = replace(conditions, reference=None, negative=conditions.positive)
    called = nets.encoder.register_forward_pre_hook(lambda *_: pytest.fail("the encoder ran"))
    with torch.inference_mode():
        ((_, halves),) = predict_windows(nets, none, latents, 501, Settings(), windows=[list(range(16))], halves=2)
    called.remove()
    assert torch.equal(halves[0], halves[1])  # the two differ in text and reference only
    assert not torch.equal(
        predict(nets, none, latents, 501, Settings(), ONE_WORKER),
        predict(nets, conditions, latents, 501, Settings(), ONE_WORKER),
    )


def test_values_that_are_no_numbers_are_an_error(nets, conditions):
    """Not a black film: half precision does not hold every model."""
    broken = replace(conditions, positive=conditions.positive * float("inf"))
    noise = torch.randn(16, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    with pytest.raises(ValueError, match="Step 1 of 2 gives values that are no numbers: torch.float32"):
        next(denoise(nets, broken, noise, Settings(steps=2)))
