"""The official implementation's numbers, through the nodes: parts within 2e-5, final latents within 5e-5."""

import pytest
import torch
from pack.tests.host.small import host_model, predictions
from pack.tests.shared import GOLDEN, make_weights

RUNS = {"N16_s4_cfg7.5": (16, 4, 16), "N48_s3_cfg7.5": (48, 3, 48), "pad21to32_s2_cfg7.5": (21, 2, 32)}
SCALE = 0.18215  # of SD 1.5's latents; the official numbers are scaled, the host's LATENT is not


@pytest.fixture(scope="module")
def official(run):
    if not GOLDEN.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/golden)")
    import folder_paths

    folder = make_weights()
    folder_paths.add_model_folder_path("magicanimate", str(folder))
    return Official(folder, run)


class Official:
    def __init__(self, folder, run):
        from safetensors.torch import load_file

        self.inputs, self.parts, self.sampling = (
            load_file(GOLDEN / "public" / f"{name}.safetensors") for name in ("inputs", "components", "sampling")
        )
        base = host_model(folder / "unet.safetensors")
        self.model = run("MagicAnimateTemporalUNetLoader", model=base, motion_module="temporal_attention.ckpt")[0]
        file = "appearance_encoder.safetensors"
        self.encoder = run("MagicAnimateAppearanceEncoderLoader", appearance_encoder=file)[0]
        self.control_net = run("MagicAnimateDensePoseControlNetLoader", control_net="densepose_controlnet.safetensors")[0]
        self.positive = [[self.inputs["text_cond"], {}]]
        self.negative = [[self.inputs["text_uncond"], {}]]
        self.poses = self.inputs["pose"].movedim(1, -1)

    def encode(self, pixels):  # in the place of a VAE
        return self.inputs["ref_latents"] / SCALE


class GivenNoise:
    seed = 0

    def __init__(self, noise):
        self.noise = noise

    def generate_noise(self, latent):
        assert latent["samples"].shape == self.noise.shape
        return self.noise


def animate(official, run, frames, steps, total, **changes):
    return run(
        "MagicAnimateAnimate", model=official.model, appearance_encoder=official.encoder, control_net=official.control_net,
        vae=official, positive=official.positive, negative=official.negative, reference_image=official.poses[:1],
        pose_video=official.poses[:frames], noise=GivenNoise(official.inputs[f"init_latents.N{total}"]), steps=steps,
        **changes,
    )[0]["samples"]  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_final_latents(official, run, relative, name):
    frames, steps, total = RUNS[name]
    latents = animate(official, run, frames, steps, total)
    assert relative(latents * SCALE, official.sampling[f"{name}.final_latents"][:frames]) < 5e-5


def test_a_second_run_is_bit_equal(official, run):
    assert torch.equal(*(animate(official, run, 21, 2, 32) for _ in range(2)))


def test_appearance_encoder(official, relative):
    from pack.magicanimate_core.host.reference import encode_reference

    latent, timestep = official.inputs["ref_latents"], torch.tensor([601])
    with torch.inference_mode():
        features = encode_reference(official.encoder.model, latent, timestep, official.inputs["text_cond"])
    assert len(features) == 10
    for i, feature in enumerate(features.values()):
        assert relative(feature, official.parts[f"bank.{i}"][1:]) < 2e-5


def test_pose_controlnet(official, relative):
    net = official.control_net.control_model
    pose, text = official.inputs["pose"][:4], official.inputs["text_cond"].expand(4, -1, -1)
    with torch.inference_mode():
        out = net(x=official.inputs["noise16"][:4], hint=pose, timesteps=torch.full((4,), 601.0), context=text)
    for i, residual in enumerate(out["output"]):
        assert relative(residual, official.parts[f"control4.down.{i}"]) < 2e-5
    assert relative(out["middle"][0], official.parts["control4.mid"]) < 2e-5


PARTS = {
    "full.noise_pred": "rpm",
    "full.no_reference": "pm",
    "full.no_control": "rm",
    "full.no_motion": "rp",
    "full.bare": "",
}


@pytest.mark.parametrize("name", PARTS)
def test_noise_prediction_with_and_without_each_part(official, run, relative, name):
    """One evaluation at t = 601, 16 frames, rows [unconditional, conditional]; r reference, p pose, m motion."""
    parts = PARTS[name]
    model = official.model if "m" in parts else without_motion(official.model)
    if "r" in parts:
        image = official.poses[:1]
        applied = {
            "appearance_encoder": official.encoder,
            "vae": official,
            "reference_image": image,
            "width": 64,
            "height": 64,
        }
        model = run("MagicAnimateApplyReference", model=model, **applied)[0]
    positive, negative = official.positive, official.negative
    if "p" in parts:
        video = {"control_net": official.control_net, "pose_video": official.poses[:16]}
        positive, negative = run("MagicAnimateApplyPose", positive=positive, negative=negative, **video)
    seen = predictions(model, positive, negative, official.inputs["noise16"], 601)
    expected = official.parts[name].transpose(1, 2)  # rows F C H W
    for row, prediction in zip(expected, seen, strict=True):
        assert relative(prediction, row) < 2e-5


def without_motion(model):
    """The same noise schedule and window-wide statistics, no temporal blocks."""
    from types import SimpleNamespace

    from comfy.patcher_extension import WrappersMP
    from pack.magicanimate_core.host import temporal
    from pack.magicanimate_core.method.motion_module import MotionLayout

    bare = model.clone()
    bare.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, temporal.MOTION_KEY)
    motion = SimpleNamespace(layout=MotionLayout({}))
    from functools import partial

    bare.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, temporal.MOTION_KEY, partial(temporal.temporal_forward, motion))
    return bare
