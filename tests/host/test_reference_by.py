"""Animate without the appearance encoder, for a MODEL that sees the photo by other means."""

import pytest
import torch


def test_the_default_is_what_it_was(small):
    assert torch.equal(small.animate(4, reference_by="appearance_encoder"), small.animate(4))


def test_none_is_the_graph_without_apply_reference(small, run):
    """The photo has no say, the encoder need not be there, and only the reference is missing."""
    made = small.animate(4, reference_by="none", appearance_encoder=None)
    assert torch.equal(made, small.animate(4, reference_by="none", reference_image=small.image(8)))
    assert not torch.allclose(made, small.animate(4), atol=1e-2)
    positive, negative = small.text
    video = {"control_net": small.control_net, "pose_video": small.poses(4)}
    positive, negative = run("MagicAnimateApplyPose", positive=positive, negative=negative, **video)
    model = run("MagicAnimateContextWindows", model=small.temporal())[0]
    noise = run("MagicAnimateSharedNoise", noise_seed=3)[0]
    sigmas = run("MagicAnimateScheduler", model=model, steps=2)[0]
    import comfy.samplers

    guider = comfy.samplers.CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(7.5)
    # official windows pad a clip to whole windows
    empty = torch.zeros(16, 4, 8, 8)
    with torch.inference_mode():
        sampler = comfy.samplers.sampler_object("ddim")
        parts = guider.sample(noise.generate_noise({"samples": empty}), empty, sampler, sigmas, disable_pbar=True, seed=3)
    torch.testing.assert_close(made, parts[:4], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("by", "asked"), [("none", False), ("appearance_encoder", True), (None, True)])
def test_an_encoder_that_is_not_used_is_not_loaded(nodes, by, asked):
    node = nodes["MagicAnimateAnimate"]
    waiting = {"model": None, "appearance_encoder": None}
    wanted = node.check_lazy_status(**waiting, reference_image=torch.rand(1, 64, 64, 3), reference_by=by, steps=2)
    assert ("appearance_encoder" in wanted) is asked


def test_another_word_is_refused(small):
    with pytest.raises(ValueError, match="reference_by is clip; expected one of appearance_encoder, none"):
        small.animate(4, reference_by="clip")
