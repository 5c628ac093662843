"""A plan has the numbers that a run has: windows, padding, noise, and operations as they were counted on the code."""

import re
from itertools import pairwise

import pytest
import torch
from pack.magicanimate_core.method.noise import pad_noise, repeat_noise
from pack.magicanimate_core.method.windows import SCHEDULES, padded_length
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.plan import memory
from pack.magicanimate_core.plan.concerns import concerns
from pack.magicanimate_core.plan.plan import make_plan, wraps_at
from pack.magicanimate_core.plan.report import headline, in_short, report
from pack.magicanimate_core.plan.work import Net
from pack.scripts.comfyui import PACK


def plan(frames=96, size=(512, 512), layouts=None, per_call=1, **options):
    settings = Settings(**options)
    total = padded_length(settings.context_schedule, frames, settings.context_length)
    windows = SCHEDULES[settings.context_schedule].windows
    layouts = layouts or [windows(total, settings.context_length, settings.context_overlap)] * settings.steps
    return make_plan(frames, size, layouts, windows=settings, sampling=settings, per_call=per_call)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("frames", [1, 3, 15, 16, 17, 20, 96])
def test_windows_and_padding_are_the_schedules(schedule, frames):
    made = plan(frames, context_schedule=schedule, steps=3)
    assert made.total == padded_length(schedule, frames, 16) and made.padded == made.total - frames
    assert made.windows == SCHEDULES[schedule].windows(made.total, 16, 4)
    assert made.shared == [sum(frame in window for window in made.windows) for frame in range(made.total)]
    assert made.evaluations == 3 * len(made.windows) and made.lengths == {(16, True): 3 * len(made.windows)}
    assert not made.missed and not made.moves


def test_a_ring_wraps_once():
    made = plan(96)
    assert made.wrapping == [7] and wraps_at(made.windows[7]) == 12
    assert made.windows[7][12:] == [0, 1, 2, 3]


@pytest.mark.parametrize("frames", [1, 5, 16, 20, 40])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_frames_with_one_number_start_from_one_noise(frames, shared, schedule):
    made = plan(frames, shared_noise=shared, context_schedule=schedule)
    rows = torch.randn(max(frames, 16), 4, 2, 2, generator=torch.Generator().manual_seed(0))
    noise = pad_noise(repeat_noise(rows[:16], frames) if shared else rows[:frames], made.total, 16)  # (total, 4, 2, 2)
    assert len(made.noise) == made.total
    assert torch.equal(noise, rows[made.noise])


def test_several_windows_go_together():
    made = plan(96, per_call=3)
    assert [len(frames) for frames, _ in made.calls] == [48, 48, 32] and made.evaluations == 75
    assert made.flop() == plan(96).flop()
    assert memory.call(made.net, 48) == 3 * memory.call(made.net, 16)


def test_windows_that_move_are_counted_step_by_step():
    made = plan(4, layouts=[[[0, 1], [2, 3]], [[1, 2], [3, 0], [0, 1]], [[0, 1], [2, 3]]], steps=3, context_schedule="paper")
    assert made.moves and made.steps == 3 and made.evaluations == 7 and made.lengths == {(2, True): 7}
    assert made.windows == [[0, 1], [2, 3]] and "at the first step" in headline(made)


def test_only_steps_with_both_halves_are_counted_so():
    half = {"scheduler": "trailing", "steps": 4, "guidance_start": 0.2, "guidance_end": 0.6}
    made, all_of_them, none = plan(96, **half), plan(96, steps=4), plan(96, steps=4, cfg=1.0)
    assert (made.guided, all_of_them.guided, none.guided) == (2, 4, 0)
    assert 2 * made.flop() == all_of_them.flop() + none.flop()
    assert "both halves of the guidance in 2 of 4 steps" in report(made, [])
    assert plan(96, steps=4, guidance_every=4).guided == 1 and plan(96, steps=4, guidance_start=1.0).guided == 0


def test_frames_that_no_window_sees_are_named():
    made = plan(4, layouts=[[[0, 1], [2, 3]], [[1, 2]]], steps=2, context_schedule="paper")
    assert made.missed == {0, 3} and any("2 frames, the first of them 0, are in no window" in s for s in concerns(made))


@pytest.mark.parametrize(("frames", "layouts"), [(0, [[[0]]]), (-1, [[[0]]]), (4, iter(()))])
def test_no_clip_and_no_step_are_refused(frames, layouts):
    with pytest.raises(ValueError, match="expected at least 1"):
        plan(frames, layouts=layouts)


def counted(part: str) -> float:
    """GFLOP a step of the published table, which `benchmarks.flops` counts on the code."""
    table = (PACK / "benchmarks" / "results" / "flops.md").read_text()
    return float(re.search(rf"^\| {part}[^|]*\| ([\d.]+) \|", table, re.M)[1])


def test_work_is_what_was_counted_on_the_code():
    net = Net(512, 512)
    assert net.encoder() / 1e9 == pytest.approx(counted("appearance encoder"), rel=1e-3)
    assert net.reference() / 1e9 == pytest.approx(counted("reference keys"), rel=1e-2)
    assert 96 * net.pose() / 1e9 == pytest.approx(counted("ControlNet"), rel=1e-3)
    assert 8 * net.window(16) / 1e9 == pytest.approx(counted("UNet"), rel=1e-3)
    assert plan().flop() / 1e9 == pytest.approx(25 * counted("sum"), rel=1e-3)


def test_half_the_guidance_is_half_the_unet_and_less_the_photo():
    net = Net(512, 512)
    assert 0.5 < net.window(16, guided=False) / net.window(16) < 0.6
    assert plan(cfg=1.0).flop() < 0.6 * plan().flop()


def test_work_grows_with_steps_frames_and_size():
    works = [plan(frames=32, steps=5), plan(frames=32, steps=10), plan(frames=64, steps=10)]
    works += [plan(frames=64, steps=10, size=(768, 512)), plan(frames=64, steps=10, size=(768, 512), context_overlap=8)]
    assert all(a.flop() < b.flop() for a, b in pairwise(works))
    assert plan(steps=10).flop() * 2 == plan(steps=20).flop()


def test_weights_are_those_of_the_published_files():
    """Parameters of SD 1.5's UNet and ControlNet, and of the published temporal blocks without their position tables."""
    sizes = memory.weights(Net(512, 512))
    assert sizes["UNet"] == 2 * 859_520_964 and sizes["ControlNet"] == 2 * 361_279_120
    assert sizes["temporal blocks"] == pytest.approx(2 * 417e6, rel=0.01)


def test_the_report_says_all_of_it():
    words = report(plan(20), ["a sentence."])
    for line in (
        "frames: 20, padded to 32 with the last pose", "size: 512 x 512", "windows: 3 of 16 frames, official, overlap 4",
        "frames per call: 16", "evaluations of the UNet: 3 per step, 75 in 25 steps", "2985.6 TFLOP",
        "0.69 MiB a frame", "frame f starts from number f mod 16", "Look at this: a sentence.",
    ):  # fmt: skip
        assert line in words
    assert "2985.6 TFLOP" in in_short(plan(20)) and "20 frames + 12 padded in 3 windows of 16" in headline(plan(20))


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("12 of the 32 frames are padding.*cut the clip to 16 frames, or bring 32", {"frames": 20}),
        ("9 of the 16 frames are padding.*bring 16 frames", {"frames": 7}),
        ("No frame is shared.*first at frame 16", {"context_overlap": 0}),
        ("knows positions for 24 frames", {"context_length": 32}),
        ("nothing will move", {"frames": 1}),
        ("11 of the 16 frames of the last window are the first frames", {"frames": 17, "context_schedule": "paper"}),
        ("11 of the 16 frames of the last window are the first frames", {"frames": 5, "context_schedule": "paper"}),
        ("1024 x 1024 is far more", {"size": (1024, 1024)}),
        ("256 x 256 is far less", {"size": (256, 256)}),
    ],
)  # fmt: skip
def test_what_looks_wrong_is_said(words, options):
    assert any(re.search(words, sentence) for sentence in concerns(plan(**options)))


@pytest.mark.parametrize(
    "options",
    [
        {}, {"frames": 16}, {"frames": 90}, {"frames": 16, "context_overlap": 0}, {"context_length": 24},
        {"size": (512, 768)}, {"context_schedule": "paper"},
    ],
)  # fmt: skip
def test_nothing_is_wrong_with_a_plan_that_is_right(options):
    assert concerns(plan(**options)) == []
