"""Who sees the reference, who sees which pose, and how often anything is computed."""

from collections import Counter
from functools import partial

import pytest
import torch
from pack.tests.host.small import predictions, random_poses


def with_reference(small, run, image, model=None):
    parts = {"appearance_encoder": small.encoder, "vae": small.vae, "reference_image": image, "width": 64, "height": 64}
    return run("MagicAnimateApplyReference", model=model or small.temporal(), **parts)[0]


def test_unconditional_rows_ignore_the_reference(small, run):
    latents = torch.randn(16, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    (a_uncond, a_cond), (b_uncond, b_cond) = (
        predictions(with_reference(small, run, small.image(seed)), *small.text, latents, 501) for seed in (1, 2)
    )
    assert torch.equal(a_uncond, b_uncond)
    assert not torch.allclose(a_cond, b_cond, atol=1e-3)


def test_reference_on_a_still_image_model(small, run):
    """Without a temporal UNet the reference works on ordinary text-to-image, too."""
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with_image = predictions(with_reference(small, run, small.image(), small.shared_base), *small.text, latents, 501)
    without = predictions(small.shared_base, *small.text, latents, 501)
    assert torch.equal(with_image[0], without[0]) and not torch.allclose(with_image[1], without[1], atol=1e-3)


@pytest.mark.parametrize("size", [(64, 96), (72, 40)])
def test_reference_and_clip_of_any_shape(small, size):
    width, height = size
    latents = small.animate(3, pose_video=random_poses(3, height, width))
    assert latents.shape == (3, 4, height // 8, width // 8) and latents.isfinite().all()


def test_strength_zero_is_no_pose(small, run):
    video = {"control_net": small.control_net, "pose_video": small.poses(16)}
    positive, negative = small.text
    assert run("MagicAnimateApplyPose", positive=positive, negative=negative, strength=0.0, **video) == (positive, negative)


def test_each_frame_has_its_own_pose(small, run):
    """Changing one frame's pose in a clip without temporal mixing changes that frame only."""
    positive, negative = small.text
    poses = small.poses(4)
    changed = poses.clone()
    changed[2] = 1 - changed[2]
    latents = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    model = run("MagicAnimateContextWindows", model=small.shared_base, context_length=1, context_overlap=0)[0]
    out = []
    for video in (poses, changed):
        applied = run(
            "MagicAnimateApplyPose", positive=positive, negative=negative, control_net=small.control_net, pose_video=video
        )
        out.append(predictions(model, *applied, latents, 501)[1])
    differs = [not torch.equal(a, b) for a, b in zip(*out, strict=True)]
    assert differs == [False, False, True, False]


@pytest.fixture
def counted(small, monkeypatch):
    """Rows that pass through each part in a run."""
    rows = Counter()

    def count(name, module):
        handle = module.register_forward_pre_hook(
            lambda _, args, kwargs: rows.update({name: len(kwargs.get("x", args[0] if args else None))}), with_kwargs=True
        )
        handles.append(handle)

    handles = []
    count("controlnet", small.control_net.control_model)
    count("encoder", small.encoder.model.diffusion_model)
    unet = small.shared_base.model.diffusion_model
    count("unet", unet)
    attention = unet.output_blocks[-1][1].transformer_blocks[0].attn1
    count("keys of the last layer", attention.to_k)
    yield rows
    for handle in handles:
        handle.remove()


@pytest.mark.parametrize(("split", "steps"), [(False, 2), (True, 1)])
def test_work_is_done_once(small, counted, monkeypatch, split, steps):
    """48 frames, a ring of 4 windows of 16 frames: 64 frames in windows, 48 in the ControlNet."""
    if split:
        import comfy.model_base

        monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1e30)
    windows = 4
    small.animate(48, steps=steps)
    assert counted["controlnet"] == steps * 48
    assert counted["encoder"] == steps * 1
    assert counted["unet"] == steps * windows * 16 * 2
    assert counted["keys of the last layer"] == counted["unet"] + steps * 1


def test_residuals_wait_only_for_windows_that_need_them(small, monkeypatch):
    from pack.magicanimate_core.method.per_frame import PerFrame

    waiting, gather = [], PerFrame.gather

    def spy(self, *args):
        out = gather(self, *args)
        waiting.append(len(self.waiting))
        return out

    monkeypatch.setattr(PerFrame, "gather", spy)
    small.animate(96, steps=1)
    assert max(waiting) == 8 and waiting[-1] == 0  # the next overlap, and the first frames for the end of the ring


def test_two_evaluations_at_one_sigma_do_not_share_residuals(small, relative, monkeypatch):
    """heun evaluates the model twice at a sigma, at different latents: poses of the first must not serve the second."""
    import pack.magicanimate_core.host.sliding as sliding

    expected = small.animate(20, sampler_name="heun")
    monkeypatch.setattr(sliding, "Evaluation", partial(sliding.Evaluation, residuals={}))  # one for all
    monkeypatch.setattr(sliding, "needed_later", lambda calls: [dict.fromkeys(range(32), 0)] * len(calls))
    assert relative(small.animate(20, sampler_name="heun"), expected) > 1e-3  # so the comparison can tell
    monkeypatch.undo()
    assert torch.equal(small.animate(20, sampler_name="heun"), expected)


def test_combined_positives_each_see_the_reference(small, run):
    positive, negative = small.text
    other = [[torch.randn(1, 77, 48, generator=torch.Generator().manual_seed(9)), {}]]
    assert small.animate(16, positive=positive + other).isfinite().all()


def test_text_of_another_length(small):
    longer = [[torch.randn(1, 154, 48, generator=torch.Generator().manual_seed(9)), {}]]
    assert small.animate(16, positive=longer).isfinite().all()


def test_cfg_one_runs_conditional_rows_only(small, counted):
    small.animate(16, cfg=1.0, steps=1)
    assert counted["unet"] == 16
