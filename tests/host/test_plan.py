"""Preview the Plan says what a real run then does."""

import pytest
import torch
from pack.magicanimate_core.host.options import HostSettings
from pack.magicanimate_core.host.sampling import SharedNoise
from pack.magicanimate_core.host.sliding import windows_of_steps
from pack.magicanimate_core.method.noise import pad_noise
from pack.magicanimate_core.method.windows import padded_length
from pack.magicanimate_core.plan.plan import make_plan
from pack.magicanimate_core.plan.work import Net
from pack.magicanimate_core.testing import tiny
from pack.tests.host.small import EIGHTS, random_poses
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

STRIDES = {"context_schedule": "standard_uniform", "context_stride": 2, **EIGHTS}
OPTIONS = [
    {"context_schedule": "paper"}, {"context_schedule": "batched"}, {"windows_per_batch": 3, **EIGHTS}, STRIDES,
    {"context_schedule": "looped_uniform", "closed_loop": True, **EIGHTS},
    {"move_windows": True, **EIGHTS, "context_overlap": 0},
]  # fmt: skip


def planned(frames=20, steps=2, size=64, **options):
    settings = HostSettings(steps=steps, **options)
    layouts = windows_of_steps(settings, padded_length(settings.context_schedule, frames, settings.context_length), steps)
    given = {"windows": settings, "sampling": settings, "per_call": settings.windows_per_batch}
    return make_plan(frames, (size, settings.height or size), layouts, **given)


def name(options):
    return " ".join(map(str, options.values())) or "defaults"


@pytest.mark.parametrize("options", OPTIONS, ids=name)
def test_windows_are_those_that_the_sampler_runs(small, monkeypatch, options):
    from pack.magicanimate_core.host.sliding import WindowHandler

    ran, inner = [], WindowHandler._calls

    def watched(self, frames, timestep, model_options):
        calls = [(list(window.frames), window.length) for window, _ in inner(self, frames, timestep, model_options)]
        ran.append((frames, calls))
        return inner(self, frames, timestep, model_options)

    monkeypatch.setattr(WindowHandler, "_calls", watched)
    small.animate(20, width=24, height=24, **options)  # two steps
    plan = planned(**options)
    assert [frames for frames, _ in ran] == [plan.total] * 2
    assert ran[0][1] == plan.calls
    assert sum(len(calls) for _, calls in ran) == plan.evaluations
    assert plan.moves == any(calls != ran[0][1] for _, calls in ran)
    lengths = [(length, True) for _, calls in ran for frames, length in calls for _ in range(len(frames) // length)]
    assert plan.lengths == {kind: lengths.count(kind) for kind in lengths}
    assert not plan.missed


def attention(q, k, v, *_, out_shape, **__):  # shapes
    return sdpa_flop_count(q, k, v)


ATTENTION = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: attention}  # torch counts those of other devices
COUNTED = [
    {"height": 40}, {"cfg": 1.0, "frames": 9}, {**STRIDES, "windows_per_batch": 2}, {"guidance_end": 0.6},
    {"guidance_every": 2}, {"guidance_start": 0.5, "scheduler": "normal"},
]  # fmt: skip


@pytest.mark.parametrize("options", COUNTED, ids=name)
def test_operations_are_those_that_the_run_makes(small, options):
    """Latents 3 and 5 pixels wide and high: their halves are rounded up."""
    plan = planned(size=24, **options)
    with FlopCounterMode(display=False, custom_mapping=ATTENTION) as counter:
        small.animate(**{"width": 24, "height": 24, **options})
    assert plan.flop(Net(plan.width, plan.height, tiny.SHAPE)) == pytest.approx(counter.get_total_flops(), rel=0.01)


@pytest.mark.parametrize(("frames", "length"), [(20, 16), (7, 16), (40, 16), (20, 8)])
def test_frames_of_one_number_start_from_one_noise(frames, length):
    plan = planned(frames, context_length=length)
    noise = SharedNoise(3, length).generate_noise({"samples": torch.zeros(frames, 4, 2, 2)})
    noise = pad_noise(noise, plan.total, length)
    same = torch.tensor([[a == b for a in plan.noise] for b in plan.noise])
    assert torch.equal((noise[:, None] == noise[None]).flatten(2).all(-1), same)


def test_the_node_gives_a_picture_and_a_report(run, small):
    from pack.magicanimate_core.plan.preview import preview

    poses, options = random_poses(20, 64, 64), {"context_schedule": "standard_static", **EIGHTS}
    picture, report = run("MagicAnimatePlan", pose_video=poses, reference_image=small.image(), steps=3, **options)
    expected, words = preview(planned(steps=3, **options), poses, small.image(), "crop")
    assert torch.equal(picture, expected) and report == words
    assert "windows: 3 of 8 frames, standard_static, overlap 2" in report and "9 in 3 steps" in report


def test_defaults_are_animates(nodes):
    plan, animate = (nodes[f"MagicAnimate{name}"].define_schema().inputs for name in ("Plan", "Animate"))
    of_animate = {socket.id: socket for socket in animate}
    assert {socket.id for socket in plan} <= set(of_animate)
    for socket in plan:
        assert getattr(socket, "default", None) == getattr(of_animate[socket.id], "default", None), socket.id
        assert getattr(socket, "options", None) == getattr(of_animate[socket.id], "options", None), socket.id
