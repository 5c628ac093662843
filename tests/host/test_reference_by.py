"""Animate without the appearance encoder, for a MODEL that sees the photo by other means."""

import pytest
import torch


def test_the_default_is_what_it_was(small):
    assert torch.equal(small.animate(4, reference_by="appearance_encoder"), small.animate(4))


def test_none_is_the_graph_without_apply_reference(small, run, relative):
    """The photo has no say, the encoder need not be there, and only the reference is missing."""
    from comfy_extras.nodes_custom_sampler import CFGGuider, KSamplerSelect, SamplerCustomAdvanced

    made = small.animate(4, reference_by="none", appearance_encoder=None)
    assert torch.equal(made, small.animate(4, reference_by="none", reference_image=small.image(8)))
    assert relative(made, small.animate(4)) > 1e-2
    positive, negative = small.text
    video = {"control_net": small.control_net, "pose_video": small.poses(4)}
    positive, negative = run("MagicAnimateApplyPose", positive=positive, negative=negative, **video)
    model = run("MagicAnimateContextWindows", model=small.temporal())[0]
    guider = CFGGuider.execute(model, positive, negative, 7.5)[0]
    sigmas = run("MagicAnimateScheduler", model=model, steps=2)[0]
    noise = run("MagicAnimateSharedNoise", noise_seed=3)[0]
    with torch.inference_mode():
        latent = {"samples": torch.zeros(4, 4, 8, 8)}
        out = SamplerCustomAdvanced.execute(noise, guider, KSamplerSelect.execute("ddim")[0], sigmas, latent)
    assert relative(out[0]["samples"], made) == 0


@pytest.mark.parametrize(("by", "asked"), [("none", False), ("appearance_encoder", True)])
def test_an_encoder_that_is_not_used_is_not_loaded(nodes, small, by, asked):
    node = nodes["MagicAnimateAnimate"]
    pictures = {"reference_image": small.image(), "pose_video": small.poses(2)}
    waiting = {"model": None, "appearance_encoder": None}
    wanted = node.check_lazy_status(**waiting, **pictures, reference_by=by, steps=2)
    assert wanted == (["model", "appearance_encoder"] if asked else ["model"])
    assert node.check_lazy_status(appearance_encoder=None, **pictures, reference_by="none", steps=2) == []


def test_another_word_is_refused(small):
    with pytest.raises(ValueError, match="reference_by is clip; expected one of appearance_encoder, none"):
        small.animate(4, reference_by="clip")
