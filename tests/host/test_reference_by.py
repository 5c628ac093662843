"""Animate without the appearance encoder, for a MODEL that sees the photo by other means."""

import pytest
import torch
from pack.magicanimate_core.testing.image_prompts import write_image_encoder
from pack.tests.host.small import host_vision


@pytest.fixture(scope="module")
def image_encoder(tmp_path_factory):
    return write_image_encoder(tmp_path_factory.mktemp("clip") / "encoder", projection=48)


@pytest.fixture(scope="module")
def vision(image_encoder):
    return host_vision(image_encoder)


@pytest.fixture(scope="module")
def wide_vision(tmp_path_factory):
    return host_vision(write_image_encoder(tmp_path_factory.mktemp("clip") / "wide", projection=64))


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
    with pytest.raises(
        ValueError, match="reference_by is clip; expected one of appearance_encoder, clip_image, ip_adapter, none"
    ):
        small.animate(4, reference_by="clip")


def test_clip_image_is_the_prompt_with_the_photos_tokens_behind_it(small, vision, relative):
    """Only the positive prompt's: what an area of the photo changes reaches the frames through these tokens alone."""
    from pack.magicanimate_core.host.clip_image import image_tokens

    by_clip = {"reference_by": "clip_image", "clip_vision": vision, "appearance_encoder": None}
    made = small.animate(4, **by_clip)
    with torch.inference_mode():
        tokens = image_tokens(vision, small.image())
    (text, options), *_ = small.text[0]
    shown = [[torch.cat([text, tokens], 1), {**options, "cross_attn_controlnet": text}]]
    assert relative(made, small.animate(4, reference_by="none", appearance_encoder=None, positive=shown)) == 0
    assert relative(made, small.animate(4, **by_clip, reference_image=small.image(8))) > 1e-4


def test_tokens_are_those_of_the_other_body(small, vision, image_encoder, relative):
    from pack.magicanimate_core.host.clip_image import image_tokens
    from pack.magicanimate_core.pipeline.image_prompt import load_image_encoder

    image = small.image().mul(255).round() / 255  # which transformers' processor sees in whole levels
    with torch.inference_mode():
        ours = image_tokens(vision, image)
    assert relative(ours, load_image_encoder(image_encoder, None).tokens(image.movedim(-1, 1))) < 3e-2  # the host's in fp16


def test_clip_image_needs_its_model_and_loads_no_other(nodes, small, vision):
    node = nodes["MagicAnimateAnimate"]
    pictures = {"reference_image": small.image(), "pose_video": small.poses(2), "reference_by": "clip_image", "steps": 2}
    with pytest.raises(ValueError, match="clip_vision is not connected"):
        node.check_lazy_status(model=None, appearance_encoder=None, **pictures)
    with pytest.raises(ValueError, match="clip_vision is not connected"):
        small.animate(2, reference_by="clip_image")
    asked = node.check_lazy_status(model=None, appearance_encoder=None, clip_vision=None, **pictures)
    assert asked == ["model", "clip_vision"]
    assert node.check_lazy_status(clip_vision=None, **pictures | {"reference_by": "appearance_encoder"}) == []


def test_a_vision_model_of_other_texts_is_refused(small, wide_vision):
    with pytest.raises(ValueError, match="tokens that are 64 wide, the prompt's are 48"):
        small.animate(2, reference_by="clip_image", clip_vision=wide_vision)
