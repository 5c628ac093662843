"""Bad input gets one sentence that says what came, what was expected and what to do, before anything is denoised."""

from pathlib import Path

import pytest
import torch
from pack.magicanimate_core.testing import random_weights as rw
from pack.magicanimate_core.testing import tiny
from pack.magicanimate_core.weights import architecture as arch
from pack.tests.host.small import CHOICES
from safetensors.torch import load_file, save_file

LOADERS = {
    "motion_module": "MagicAnimateTemporalUNetLoader",
    "appearance_encoder": "MagicAnimateAppearanceEncoderLoader",
    "control_net": "MagicAnimateDensePoseControlNetLoader",
}


@pytest.fixture
def load(small, run):
    """Put tensors (or bytes) into a file and load it into a slot."""

    def load(slot: str, name: str, content):
        path = small.files.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            save_file(content, path)
        import folder_paths

        folder_paths.filename_list_cache.clear()
        more = {"model": small.shared_base} if slot == "motion_module" else {}
        return run(LOADERS[slot], **{slot: name}, **more)[0]

    return load


def sdxl_unet():
    wide = arch.UNetShape((32, 64, 64, 64), (False, True, True, True), 2048)
    tensors = rw.random_tensors(rw.unet_shapes(arch.unet_tensors(wide)), 0)
    return tensors | {"add_embedding.linear_1.weight": torch.zeros(4, 2816)}


LORA = {
    "lora_unet_down_blocks_0.lora_up.weight": torch.zeros(4, 4),
    "lora_unet_down_blocks_0.lora_down.weight": torch.zeros(4, 4),
}


@pytest.mark.parametrize("slot", LOADERS)
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("sdxl.safetensors", sdxl_unet(), "an SDXL UNet of SDXL width"),
        ("style.safetensors", LORA, "a LoRA"),
        ("page.safetensors", b"<!doctype html><title>Sign in</title>", "a web page"),
        ("nothing.safetensors", {"step": torch.zeros(1)}, "something else"),
    ],
)
def test_wrong_file_in_a_slot(load, slot, name, content, words):
    with pytest.raises(ValueError, match=words) as error:
        load(slot, name, content)
    message = str(error.value)
    assert name in message and "expected a" in message and "\n" not in message


FILES = {
    "motion_module": CHOICES["temporal_attention"],
    "appearance_encoder": CHOICES["appearance_encoder"],
    "control_net": CHOICES["densepose_controlnet"],
}


@pytest.mark.parametrize("slot", FILES)
def test_every_file_in_every_other_slot(small, run, slot):
    for other, name in FILES.items():
        if other != slot:
            more = {"model": small.shared_base} if slot == "motion_module" else {}
            with pytest.raises(ValueError, match=f"^{Path(name).parent.name}/.* looks like"):  # files are called alike
                run(LOADERS[slot], **{slot: name}, **more)


@pytest.mark.parametrize("slot", ["appearance_encoder", "control_net"])
def test_missing_and_surplus_tensors(small, load, slot):
    tensors = load_file(small.files.folder / FILES[slot])
    gone = "mid_block.resnets.0.conv1.weight"
    with pytest.raises(ValueError, match=f"1 missing \\(`{gone}`"):
        load(slot, "missing.safetensors", {k: v for k, v in tensors.items() if k != gone})
    with pytest.raises(ValueError, match="1 surplus \\(`extra.weight`"):
        load(slot, "surplus.safetensors", tensors | {"extra.weight": torch.zeros(1)})


def test_truncated_file(small, load):
    whole = (small.files.folder / FILES["appearance_encoder"]).read_bytes()
    with pytest.raises(ValueError, match="short.safetensors is cut short"):
        load("appearance_encoder", "short.safetensors", whole[: len(whole) // 2])


def test_missing_motion_tensors(small, load):
    motion = torch.load(small.files.folder / FILES["motion_module"], weights_only=True)["state_dict"]
    first = next(k for k in motion if k.endswith("to_q.weight"))
    with pytest.raises(ValueError, match="1 missing"):
        load("motion_module", "less.safetensors", {k: v for k, v in motion.items() if k != first})


@pytest.mark.parametrize("prefix", ["", "module.", "unet.", "module.unet."])
def test_motion_module_with_every_published_prefix(small, load, prefix):
    motion = torch.load(small.files.folder / FILES["motion_module"], weights_only=True)["state_dict"]
    bare = {k.removeprefix("module."): v for k, v in motion.items()}
    model = load("motion_module", "prefixed.safetensors", {prefix + k: v for k, v in bare.items()})
    from pack.magicanimate_core.host.temporal import motion_of

    assert motion_of(model).layout.widths == arch.temporal_widths(tiny.SHAPE)


def wide(kind, text=48):
    shape = arch.UNetShape((64, 128, 256, 256), (True, True, True, False), text)
    return rw.random_tensors(rw.motion_shapes(shape) if kind == "motion" else rw.unet_shapes(kind(shape)), 0)


def test_parts_made_for_another_model(small, run, load):
    with pytest.raises(ValueError, match="64 channels at down_blocks.0.motion_modules.0, where this MODEL has 32"):
        load("motion_module", "wide.safetensors", wide("motion"))
    encoder = load("appearance_encoder", "wide_encoder.safetensors", wide(arch.encoder_tensors))
    with pytest.raises(ValueError, match="encoder has widths .64, 128, 256, 256.*MODEL has .32, 64"):
        small.animate(4, appearance_encoder=encoder)
    control = load("control_net", "wide_text.safetensors", wide(arch.controlnet_tensors, text=1024))
    with pytest.raises(ValueError, match="conditioning is 48 wide, but this ControlNet reads 1024"):
        small.animate(4, control_net=control)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference_image": torch.zeros(1, 64, 64, 4)}, "reference_image has an alpha channel"),
        ({"reference_image": torch.zeros(2, 64, 64, 3)}, "batch of 2 images; expected one"),
        ({"reference_image": torch.full((1, 48, 48, 3), float("nan"))}, "reference_image holds values that are no numbers"),
        ({"pose_video": torch.zeros(0, 64, 64, 3)}, "pose_video is empty"),
        ({"width": 60}, "width is 60; expected a multiple of 8"),
        ({"context_length": 25}, "positions for 24 frames"),
        ({"context_overlap": 16}, "smaller than context_length"),
        ({"steps": 1000}, "1 to 999"),
    ],
)
def test_animate_refuses_before_any_work(small, monkeypatch, changes, words):
    import comfy.sample

    monkeypatch.setattr(comfy.sample, "sample_custom", lambda *args, **kwargs: pytest.fail("sampling began"))
    with pytest.raises(ValueError, match=words):
        small.animate(4, **changes)


def test_model_without_temporal_blocks(small):
    with pytest.raises(ValueError, match="put Load Temporal UNet before Animate"):
        small.animate(4, model=small.shared_base)


def test_noise_of_the_wrong_length(small):
    class Short:
        seed = 0

        def generate_noise(self, latent):
            return latent["samples"][:3]

    with pytest.raises(ValueError, match="noise gives .3, 4.*20 frames, padded to 32"):
        small.animate(20, noise=Short())


def sample(small, model, positive, negative, frames):
    import nodes

    latent = {"samples": torch.zeros(frames, 4, 8, 8)}
    with torch.inference_mode():
        return nodes.KSampler().sample(model, 0, 1, 2.0, "euler", "normal", positive, negative, latent)[0]


def test_clip_and_poses_of_different_length(small, run):
    positive, negative = run(
        "MagicAnimateApplyPose", positive=small.text[0], negative=small.text[1], control_net=small.control_net,
        pose_video=small.poses(12),
    )  # fmt: skip
    with pytest.raises(ValueError, match="pose video has 12 frames but the latent has 9: .* batch size of 12"):
        sample(small, small.temporal(), positive, negative, 9)


def test_long_clip_without_windows(small):
    with pytest.raises(ValueError, match="latent has 30 frames.*at most 24.*Sliding Windows"):
        sample(small, small.temporal(), *small.text, 30)


def test_other_kinds_of_controlnet_and_model(small, run):
    import comfy.controlnet

    with pytest.raises(ValueError, match="ControlBase, no ControlNet of SD 1.5"):
        run(
            "MagicAnimateApplyPose", positive=small.text[0], negative=small.text[1],
            control_net=comfy.controlnet.ControlBase(), pose_video=small.poses(2),
        )  # fmt: skip
    from types import SimpleNamespace

    other = SimpleNamespace(model=SimpleNamespace(diffusion_model=torch.nn.Linear(1, 1), model_config=SimpleNamespace()))
    with pytest.raises(ValueError, match="built on Stable Diffusion 1.5"):
        run(LOADERS["motion_module"], model=other, motion_module=FILES["motion_module"])


def test_several_gpus_are_refused(small):
    model = small.temporal()
    model.model_options["multigpu_clones"] = {}
    with pytest.raises(ValueError, match="remove the MultiGPU node"):
        sample(small, model, *small.text, 4)


def test_an_animation_of_no_numbers_is_an_error(small):
    """Also in a composed graph: the model itself says so, not the Animate node."""
    model = small.base()
    weight = next(k for k in model.model_state_dict() if k.endswith("out.2.bias"))
    model.add_patches({weight: ("diff", (torch.full_like(model.model_state_dict()[weight], float("nan")),))}, 1.0)
    with pytest.raises(ValueError, match="values that are no numbers"):
        sample(small, small.temporal(model), *small.text, 4)
