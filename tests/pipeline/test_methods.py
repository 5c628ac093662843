"""What MagicAnimate is compared with: each does what its name says, and the default is what it always was."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from pack.magicanimate_core.command.methods import unused
from pack.magicanimate_core.method.baselines import METHODS
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.animate import animate, clip_conditions, sample_clip
from pack.magicanimate_core.pipeline.base import load_base
from pack.magicanimate_core.pipeline.conditions import PoseImages
from pack.magicanimate_core.pipeline.denoise import ONE_WORKER, predict
from pack.magicanimate_core.pipeline.models import ImageFiles, load_models
from pack.magicanimate_core.pipeline.nets import TemporalUNet
from pack.magicanimate_core.testing import image_prompts, inputs

SETTINGS = Settings(steps=1, context_length=4, context_overlap=1)
KINDS = {"plain": (image_prompts.plain_adapter, ".safetensors"), "plus": (image_prompts.plus_adapter, ".bin"),
         "full face": (image_prompts.full_face_adapter, ".bin")}  # fmt: skip


@pytest.fixture(scope="module")
def load(files, tmp_path_factory):
    """Loads the models of a method, with an IP-Adapter of some kind."""
    folder = tmp_path_factory.mktemp("image_prompts")
    encoder = image_prompts.write_image_encoder(folder / "encoder")
    as_text = image_prompts.write_image_encoder(folder / "as_text", projection=48)
    made = {kind: image_prompts.write_adapter(folder / f"{kind}{end}", make()) for kind, (make, end) in KINDS.items()}

    def loaded(method: str, kind: str = "plain", scale: float = 1.0):
        own = method == "clip_image"
        image = ImageFiles(image_encoder=as_text if own else encoder, ip_adapter=made[kind], scale=scale)
        return load_models(files.base, files.magicanimate, method=METHODS[method], image=image).to("cpu", torch.float32)

    return loaded


@pytest.fixture(scope="module")
def single(load):
    return load("ipa_controlnet")


@pytest.fixture(scope="module")
def photo():
    return torch.from_numpy(inputs.draw_photo(64))[None].movedim(-1, 1) / 255  # (1, 3, H, W)


@pytest.fixture(scope="module")
def latents():
    return torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(2))


def given(models, photo, frames: int = 4):
    """The conditions of a clip whose every frame has a pose of its own."""
    poses = torch.rand(frames, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    return clip_conditions(models, None, PoseImages(poses), photo=photo)


def predicted(models, conditions, latents, **changes):
    return predict(models.nets, conditions, latents, 501, replace(SETTINGS, context_overlap=0, **changes), ONE_WORKER)


def test_the_default_is_magicanimate(files, models, load):
    """To the bit, with or without naming it."""
    photo, poses = inputs.draw_photo(64), inputs.draw_poses(64, 4)
    named = load("magicanimate")
    assert named.image is None and named.nets.encoder is not None
    assert np.array_equal(animate(named, photo, poses, SETTINGS), animate(models, photo, poses, SETTINGS))


@pytest.mark.parametrize(
    ("method", "kind"),
    [("ipa_controlnet_video", kind) for kind in KINDS] + [("ipa_controlnet", "plain"), ("clip_image", "plain")],
)
def test_the_photo_has_a_say_and_only_in_the_conditional_half(load, photo, latents, method, kind):
    models = load(method, kind)
    assert models.nets.encoder is None and (models.nets.unet.motion is not None) == METHODS[method].temporal
    one, other = (given(models, picture) for picture in (photo, 1 - photo))
    assert not torch.equal(predicted(models, one, latents), predicted(models, other, latents))
    nothing = predicted(models, one, latents, cfg=0.0)  # what guidance begins with
    torch.testing.assert_close(nothing, predicted(models, other, latents, cfg=0.0))


def test_an_ip_adapter_at_scale_0_is_the_base_model_and_the_controlnet(load, files, single, photo, latents):
    off = load("ipa_controlnet", scale=0.0)
    conditions = given(off, photo)
    plain = copy.copy(off.nets)
    plain.unet = TemporalUNet(load_base(files.base).unet, None, single=True).eval().requires_grad_(False)
    bare = replace(conditions, image=None)
    expected = predict(plain, bare, latents, 501, replace(SETTINGS, context_overlap=0), ONE_WORKER)
    torch.testing.assert_close(predicted(off, conditions, latents), expected, atol=1e-4, rtol=1e-3)
    assert (predicted(single, conditions, latents) - expected).abs().mean() > 1e-3


def test_no_photo_is_what_diffusers_gives_the_unconditional_half(load, photo):
    """Zeros in place of the vector, or the patches of a picture of zeros: not those of a black or grey photo."""
    plain, plus = (load("ipa_controlnet", kind).image for kind in ("plain", "plus"))
    assert not plain.embeddings(photo)[0].any()
    zeros = plus.model(torch.zeros(1, 3, 32, 32), output_hidden_states=True).hidden_states[-2]
    torch.testing.assert_close(plus.embeddings(photo)[:1], zeros, atol=1e-4, rtol=1e-3)


def test_frames_know_nothing_of_each_other_without_temporal_layers(load, single, photo, latents):
    conditions = given(single, photo)
    noisier = torch.cat([latents[:1], latents[1:] * 3])
    ours, others = predicted(single, conditions, latents), predicted(single, conditions, noisier)
    torch.testing.assert_close(ours[0], others[0], atol=1e-4, rtol=1e-3)
    assert not torch.allclose(ours[1:], others[1:], atol=1e-2)
    video = load("ipa_controlnet_video")
    assert not torch.allclose(predicted(video, conditions, latents)[0], predicted(video, conditions, noisier)[0], atol=1e-3)


@pytest.mark.parametrize(
    "changes", [{"temporal_attention": False}, {"fuse_method": "none"}, {"context_schedule": "paper"}, {"steps": 2}]
)
def test_options_that_are_refused_without_temporal_layers_would_change_nothing(single, photo, changes):
    conditions, settings = given(single, photo, frames=6), replace(SETTINGS, shared_noise=False)
    made, other = (sample_clip(single.nets, conditions, replace(settings, **c)) for c in ({}, changes))
    alike = torch.allclose(made, other, atol=1e-4, rtol=1e-3)
    assert alike == (changes.keys() <= unused("ipa_controlnet"))


def test_temporal_layers_that_add_nothing_change_nothing(load, single, photo, latents):
    """In windows of one frame: over more of them, MagicAnimate's norms take their statistics from the whole window."""
    video = load("ipa_controlnet_video")
    for name, parameter in video.nets.unet.motion.named_parameters():
        if ".proj_out." in name:
            parameter.zero_()
    conditions = given(single, photo)
    made = predicted(video, conditions, latents, context_length=1)
    torch.testing.assert_close(made, predicted(single, conditions, latents), atol=1e-4, rtol=1e-3)


def test_the_first_of_clips_tokens_is_the_photos_vector(load, photo):
    image = load("clip_image").image
    tokens = image.tokens(photo)
    assert tokens.shape == (1, 17, 48)
    vector = image.model(image._input(photo)).image_embeds
    torch.testing.assert_close(tokens[:, 0], vector, atol=1e-4, rtol=1e-3)


def test_a_longer_text_beside_a_shorter_one_changes_neither(load, photo, latents):
    """CLIP's tokens stand in the conditional half only: the other is as it is alone."""
    models = load("clip_image")
    conditions = given(models, photo)
    texts, count = conditions.texts(2)
    assert texts.shape == (2, 77 + 17, 48) and count.sum(1).tolist() == [77, 77 + 17]
    nothing = replace(conditions, tokens=None)
    assert nothing.texts(2)[1] is None
    torch.testing.assert_close(
        predicted(models, conditions, latents, cfg=0.0), predicted(models, nothing, latents, cfg=0.0), atol=1e-4, rtol=1e-3
    )  # fmt: skip
