"""The demo model: a folder with narrow weights becomes the host's objects, which compute what diffusers' do."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.animate import clip_conditions, sample_clip
from pack.magicanimate_core.pipeline.conditions import PoseImages
from pack.magicanimate_core.pipeline.latents import decode, encode_photo
from pack.magicanimate_core.pipeline.models import load_models
from pack.magicanimate_core.testing import random_weights
from pack.magicanimate_core.weights.architecture import LATENT_SCALE
from pack.scripts.comfyui import PACK
from pack.tests.host.small import random_poses

FRAMES = 10
SIZE = 128  # at half of it the deepest level is one pixel, where norms over two numbers blow rounding up
SAMPLING = {"seed": 3, "steps": 2, "context_length": 8, "context_overlap": 2}
IMAGE = torch.rand(1, SIZE, SIZE, 3, generator=torch.Generator().manual_seed(6))
POSES = random_poses(FRAMES, SIZE, SIZE)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "weights"
    random_weights.write_demo(folder)
    return folder


@pytest.fixture(scope="module")
def demo(weights):
    from pack.magicanimate_core.host.demo import load_demo

    return load_demo(weights)


@pytest.fixture(scope="module")
def diffusers_body(weights):
    return load_models(weights / "base", weights / "magicanimate").to("cpu", torch.float32)


def animate(run, parts):
    """Latents of Animate on `parts`, the outputs of Load Demo Model."""
    names = ("model", "appearance_encoder", "control_net", "vae", "positive", "negative")
    inputs = dict(zip(names, parts, strict=True)) | {"reference_image": IMAGE, "pose_video": POSES}
    return run("MagicAnimateAnimate", **inputs, **SAMPLING)[0]["samples"]


@pytest.fixture(scope="module")
def latents(run, demo):
    return animate(run, (*demo[:4], [[demo.text, {}]], [[demo.text, {}]]))


def test_a_narrow_model_of_velocity_is_the_same_in_both_bodies(latents, diffusers_body, relative):
    """What tests/host/test_two_bodies.py asks of a model of Stable Diffusion's kind."""
    reference = encode_photo(diffusers_body.vae, IMAGE.movedim(-1, 1))
    conditions = clip_conditions(diffusers_body, reference, PoseImages(POSES.movedim(-1, 1)))
    assert relative(latents * LATENT_SCALE, sample_clip(diffusers_body.nets, conditions, Settings(**SAMPLING))) < 1e-5


def test_vae_is_diffusers(demo, diffusers_body, relative):
    vae, latent = diffusers_body.vae, torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert relative(demo.vae.encode(IMAGE) * LATENT_SCALE, encode_photo(vae, IMAGE.movedim(-1, 1))) < 1e-5
    with torch.inference_mode():
        assert relative(demo.vae.decode(latent), decode(vae, latent * LATENT_SCALE).movedim(1, -1)) < 1e-5
    assert demo.vae.decode(latent).shape == (2, 64, 64, 3)


def test_magicanimate_files_load_through_the_ordinary_loaders(run, demo, weights, latents):
    import folder_paths
    from pack.magicanimate_core.host.loading import load_unet

    folder_paths.add_model_folder_path("magicanimate", str(weights / "magicanimate"))
    folder_paths.filename_list_cache.clear()
    base = load_unet(str(weights / "base" / "unet" / "diffusion_pytorch_model.safetensors"), "v_prediction")
    motion, net = "temporal_attention/temporal_attention.safetensors", "diffusion_pytorch_model.safetensors"
    (model,) = run("MagicAnimateTemporalUNetLoader", model=base, motion_module=motion)
    (encoder,) = run("MagicAnimateAppearanceEncoderLoader", appearance_encoder=f"appearance_encoder/{net}")
    (control,) = run("MagicAnimateDensePoseControlNetLoader", control_net=f"densepose_controlnet/{net}")
    text = [[demo.text, {}]]
    assert torch.equal(animate(run, (model, encoder, control, demo.vae, text, text)), latents)


def test_its_vae_goes_with_no_other_model(run, demo, small):
    """And Stable Diffusion's not with its model: both have four channels, and the pictures would be mud."""
    text, photo = [[demo.text, {}]], {"reference_image": IMAGE, "width": 64, "height": 64}
    with pytest.raises(ValueError, match="MODEL .* has latents of its own: take the VAE of the same loader"):
        animate(run, (*demo[:3], small.vae, text, text))
    with pytest.raises(ValueError, match="VAE belongs to a model .* take the VAE of your checkpoint"):
        small.animate(2, vae=demo.vae)
    with pytest.raises(ValueError, match="VAE belongs to a model"):
        run("MagicAnimateApplyReference", model=small.temporal(), appearance_encoder=small.encoder, vae=demo.vae, **photo)
    wide = type("VAE", (type(small.vae),), {"latent_channels": 16})()
    with pytest.raises(ValueError, match="latents have 16 channels, the MODEL's 4"):
        small.animate(2, vae=wide)


def test_memory_manager_can_make_every_part_again(demo):
    """Under dynamic VRAM and on several GPUs the host asks a patcher for a second copy of its weights."""
    if not hasattr(demo.model, "cached_patcher_init"):
        pytest.skip("this ComfyUI asks for no second copies")
    for patcher in (demo.model, demo.appearance_encoder, demo.vae.patcher):
        make, arguments = patcher.cached_patcher_init
        again = make(*arguments, disable_dynamic=True)
        first, second = (getattr(p.model, "diffusion_model", p.model).state_dict() for p in (patcher, again))
        assert first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_every_loader_works_under_dynamic_vram(run, weights, latents, monkeypatch):
    """ComfyUI's default on NVIDIA cards: linear layers have no weights before they are loaded."""
    import comfy.utils
    from pack.magicanimate_core.host.demo import load_demo
    from safetensors.torch import load_file

    memory = pytest.importorskip("comfy.memory_management", reason="this ComfyUI has no dynamic VRAM")
    monkeypatch.setattr(memory, "aimdo_enabled", True)
    monkeypatch.setattr(comfy.utils, "load_safetensors", lambda path: (load_file(path), {}))  # its own needs a card
    demo = load_demo(weights)
    monkeypatch.undo()  # it cannot sample on a CPU
    assert torch.equal(animate(run, (*demo[:4], [[demo.text, {}]], [[demo.text, {}]])), latents)


def test_vae_that_the_host_cannot_be(weights):
    import json

    from pack.magicanimate_core.host.vae import vae_arguments

    config = json.loads((weights / "base" / "vae" / "config.json").read_text())
    with pytest.raises(ValueError, match="scaling_factor 0.13"):
        vae_arguments(config | {"scaling_factor": 0.13})


@pytest.mark.parametrize("missing", ["base/empty_prompt.safetensors", "base/vae/config.json"])
def test_missing_file_is_named(weights, missing):
    from pack.magicanimate_core.host.demo import load_demo

    path = weights / missing
    path.rename(path.with_name("elsewhere"))
    try:
        with pytest.raises(FileNotFoundError, match=f"{path.name} is missing: .*git clone"):
            load_demo(weights)
    finally:
        path.with_name("elsewhere").rename(path)


# --- the nodes, on whatever lies in demo/ ----------------------------------------------------------------------------


@pytest.fixture
def demo_folder(monkeypatch, nodes):
    """Point both nodes at another folder."""
    import sys

    module = sys.modules[nodes["MagicAnimateDemoModel"].__module__]
    return lambda folder: monkeypatch.setattr(module, "DEMO", folder)


def test_load_demo_model(run, demo_folder, weights, latents):
    demo_folder(weights.parent)
    assert torch.equal(animate(run, run("MagicAnimateDemoModel")), latents)


def test_dancer_and_motion(run, nodes, demo_folder, tmp_path):
    from pack.magicanimate_core.testing import inputs

    (tmp_path / "inputs").mkdir()
    photo, clip = inputs.write_inputs(tmp_path / "inputs", size=128, frames=5)
    photo.rename(photo.with_name("dancer_2.png"))
    clip.rename(clip.with_name("motion_7.mp4"))
    (tmp_path / "inputs" / "other.mp4").touch()  # not offered
    demo_folder(tmp_path)
    dancer, motion = nodes["MagicAnimateDemoInputs"].define_schema().inputs
    assert (dancer.options, motion.options) == (["dancer_2"], ["motion_7"])
    image, poses, fps = run("MagicAnimateDemoInputs", dancer="dancer_2", motion="motion_7")
    assert fps == 25 and poses.shape == (5, 128, 128, 3)
    assert np.array_equal((image[0] * 255).round().byte(), inputs.draw_photo(128))
    drawn = torch.from_numpy(inputs.draw_poses(128, 5))
    assert (poses - drawn / 255).abs().mean() < 0.02  # what the video encoder loses


def test_missing_demo_is_told_when_the_nodes_run(run, nodes, demo_folder, tmp_path):
    demo_folder(tmp_path)
    assert nodes["MagicAnimateDemoInputs"].define_schema().inputs[0].options == ["dancer_1"]
    with pytest.raises(FileNotFoundError, match="dancer_1.png is missing: .*git clone"):
        run("MagicAnimateDemoInputs", dancer="dancer_1", motion="motion_1")
    with pytest.raises(FileNotFoundError, match="empty_prompt.safetensors is missing: .*git clone"):
        run("MagicAnimateDemoModel")


@pytest.mark.skipif(not (PACK / "demo" / "weights").is_dir(), reason="no demo/weights in this checkout")
def test_shipped_model_loads(run):
    assert animate(run, run("MagicAnimateDemoModel")).shape == (FRAMES, 4, 16, 16)


def test_previews_have_the_colours_of_the_frames(run):
    import latent_preview

    model, _, _, vae, *_ = run("MagicAnimateDemoModel")
    latent_format = model.model.latent_format
    previewer = latent_preview.Latent2RGBPreviewer(latent_format.latent_rgb_factors, latent_format.latent_rgb_factors_bias)
    picture = run("MagicAnimateDemoInputs", dancer="dancer_3", motion="motion_1")[0]
    with torch.inference_mode():
        latent = latent_format.process_in(vae.encode(picture))  # (1, 4, h, w)
    seen = torch.from_numpy(np.array(previewer.decode_latent_to_preview(latent))) / 255
    true = torch.nn.functional.adaptive_avg_pool2d(picture.movedim(-1, 1), latent.shape[-2:])[0].movedim(0, -1)
    assert (seen - true).abs().mean() < 0.05
