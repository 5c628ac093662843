"""What must not change the result, does not."""

import pytest
import torch
from pack.tests.host.small import EIGHTS

TOLERANCE = 2e-5  # fp32, other order of sums


@pytest.mark.parametrize(("spacing", "frames", "windows"), [("official", 20, {}), ("trailing", 10, EIGHTS)])
def test_composed_graph_equals_animate(small, run, relative, spacing, frames, windows):
    """Parts with the host's SamplerCustomAdvanced, their defaults and others; the official schedule pads the clip."""
    from comfy_extras.nodes_custom_sampler import CFGGuider, KSamplerSelect, SamplerCustomAdvanced

    positive, negative = small.text
    image = {"appearance_encoder": small.encoder, "vae": small.vae, "reference_image": small.image()}
    model = run("MagicAnimateApplyReference", model=small.temporal(), width=64, height=64, **image)[0]
    model = run("MagicAnimateContextWindows", model=model, **windows)[0]
    video = {"control_net": small.control_net, "pose_video": small.poses(frames)}
    positive, negative = run("MagicAnimateApplyPose", positive=positive, negative=negative, **video)
    guider = CFGGuider.execute(model, positive, negative, 7.5)[0]
    sigmas = run("MagicAnimateScheduler", model=model, steps=2, spacing=spacing)[0]
    noise = run("MagicAnimateSharedNoise", noise_seed=3, **{k: v for k, v in windows.items() if k == "context_length"})[0]
    latent = {"samples": torch.zeros(frames, 4, 8, 8)}
    with torch.inference_mode():
        out = SamplerCustomAdvanced.execute(noise, guider, KSamplerSelect.execute("ddim")[0], sigmas, latent)
    assert out[1]["samples"].shape[0] == frames
    assert relative(out[0]["samples"], small.animate(frames, **windows, scheduler=spacing)) == 0


def test_ksampler_equals_animate_without_shared_noise(small, run, relative):
    import nodes

    positive, negative = small.text
    image = {"appearance_encoder": small.encoder, "vae": small.vae, "reference_image": small.image()}
    # the order of the patches does not matter
    model = run("MagicAnimateContextWindows", model=small.temporal(), **EIGHTS)[0]
    model = run("MagicAnimateApplyReference", model=model, width=64, height=64, **image)[0]
    video = {"control_net": small.control_net, "pose_video": small.poses(10)}
    positive, negative = run("MagicAnimateApplyPose", positive=positive, negative=negative, **video)
    latent = {"samples": torch.zeros(10, 4, 8, 8)}
    with torch.inference_mode():
        out = nodes.KSampler().sample(model, 3, 2, 7.5, "ddim", "ddim_uniform", positive, negative, latent)[0]
    assert relative(out["samples"], small.animate(10, **EIGHTS, shared_noise=False, scheduler="ddim_uniform")) == 0


@pytest.mark.parametrize("changes", [{"windows_per_batch": 2}, {"windows_per_batch": 5}])
def test_batching_of_windows(small, relative, changes):
    assert relative(small.animate(20, **EIGHTS, **changes), small.expected(20, **EIGHTS)) < TOLERANCE


def test_order_of_windows(small, relative, monkeypatch):
    from pack.magicanimate_core.host.sliding import WindowHandler

    expected, forwards = small.expected(20, **EIGHTS), WindowHandler.windows
    monkeypatch.setattr(WindowHandler, "windows", lambda *args: forwards(*args)[::-1])
    assert relative(small.animate(20, **EIGHTS), expected) < TOLERANCE


def test_split_conditionings(small, relative, monkeypatch):
    """Short of memory the host runs the rows one conditioning at a time, the unconditional one first."""
    import comfy.model_base

    expected = small.expected(10, **EIGHTS)
    monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1e30)
    assert relative(small.animate(10, **EIGHTS), expected) < TOLERANCE


def test_partial_loading(small, relative, monkeypatch):
    """With hardly any memory the host leaves weights off the device and casts them where they are used."""
    import comfy.model_management as mm

    expected = small.expected(10, **EIGHTS)
    mm.unload_all_models()
    monkeypatch.setattr(mm, "is_device_cpu", lambda device: False)
    monkeypatch.setattr(mm, "vram_state", mm.VRAMState.NO_VRAM)
    model = small.temporal(small.base())
    try:
        latents = small.animate(10, **EIGHTS, model=model)
        streamed = [m for m in model.model.diffusion_model.modules() if getattr(m, "comfy_cast_weights", False)]
        from pack.magicanimate_core.host.temporal import motion_of

        moved = [m for m in motion_of(model).modules() if getattr(m, "comfy_cast_weights", False)]
        assert streamed and moved
    finally:
        monkeypatch.undo()
        mm.unload_all_models()
    assert relative(latents, expected) < TOLERANCE


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float8_e4m3fn"])
def test_weights_of_lower_precision(small, relative, dtype):
    """Weights of another dtype than the computation: the parts cast along."""

    model = small.base()
    kind = getattr(torch, dtype)
    inner = model.model
    inner.manual_cast_dtype = torch.float32
    for module in inner.diffusion_model.modules():
        if hasattr(module, "comfy_cast_weights"):
            module.comfy_cast_weights = True
    inner.diffusion_model.to(kind)
    inner.diffusion_model.dtype = kind
    patched = small.temporal(model)
    latents = small.animate(8, **EIGHTS, model=patched)
    assert latents.isfinite().all()
    assert relative(latents, small.expected(8, **EIGHTS)) < (0.02 if "16" in dtype else 0.6)


def test_computation_in_bf16(small, relative):
    model = small.base()
    model.model.diffusion_model.to(torch.bfloat16)
    model.model.diffusion_model.dtype = torch.bfloat16
    latents = small.animate(8, **EIGHTS, model=small.temporal(model))
    assert latents.isfinite().all() and relative(latents, small.expected(8, **EIGHTS)) < 0.2


def test_lora_that_does_nothing_changes_nothing(small):
    model = small.base()
    model.add_patches({key: ("diff", (torch.zeros_like(weight),)) for key, weight in some_weights(model)}, 1.0)
    assert torch.equal(small.animate(8, **EIGHTS, model=small.temporal(model)), small.expected(8, **EIGHTS))


def test_lora_works_and_stays_on_its_model(small, relative):
    expected = small.expected(8, **EIGHTS)
    model = small.shared_base.clone()
    model.add_patches({key: ("diff", (0.1 * torch.ones_like(weight),)) for key, weight in some_weights(model)}, 1.0)
    assert relative(small.animate(8, **EIGHTS, model=small.temporal(model)), expected) > 1e-3
    assert torch.equal(small.animate(8, **EIGHTS), expected)


def some_weights(model):
    return [
        (f"diffusion_model.{k}", v)
        for k, v in model.model.diffusion_model.named_parameters()
        if k.endswith("attn1.to_k.weight")
    ]


@pytest.mark.parametrize(
    "schedule", ["official", "paper", "standard_static", "standard_uniform", "looped_uniform", "batched"]
)
def test_every_schedule_with_hosts_windows_of_one_frame_more(small, schedule):
    latents = small.animate(15, **EIGHTS, context_schedule=schedule)
    assert latents.shape[0] == 15 and latents.isfinite().all()


@pytest.mark.parametrize("method", ["pyramid", "relative", "overlap-linear"])
def test_every_fuse_method(small, relative, method):
    latents = small.animate(20, **EIGHTS, fuse_method=method)
    assert latents.isfinite().all() and relative(latents, small.expected(20, **EIGHTS)) > 1e-4


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m", "dpmpp_2m_sde", "uni_pc", "lcm", "dpmpp_2s_ancestral"])
def test_hosts_samplers(small, sampler):
    assert small.animate(10, **EIGHTS, sampler_name=sampler, scheduler="karras", steps=3).isfinite().all()


def test_pose_follows_hosts_own_windows(small, run, relative):
    """With the host's Context Windows node in the place of ours, same schedule and weights: the same latents."""
    from comfy_extras.nodes_context_windows import ContextWindowsManualNode

    import nodes

    def latents(windowed):
        positive, negative = small.text
        image = {"appearance_encoder": small.encoder, "vae": small.vae, "reference_image": small.image()}
        model = run("MagicAnimateApplyReference", model=windowed(small.temporal()), width=64, height=64, **image)[0]
        video = {"control_net": small.control_net, "pose_video": small.poses(10)}
        positive, negative = run("MagicAnimateApplyPose", positive=positive, negative=negative, **video)
        empty = {"samples": torch.zeros(10, 4, 8, 8)}
        with torch.inference_mode():
            return nodes.KSampler().sample(model, 3, 2, 7.5, "ddim", "ddim_uniform", positive, negative, empty)[0]["samples"]

    def hosts(model):
        settings = {
            **EIGHTS, "context_schedule": "standard_static", "context_stride": 1, "closed_loop": False,
            "fuse_method": "flat", "dim": 0, "freenoise": False, "causal_window_fix": False,
        }  # fmt: skip
        known = {i.id for i in ContextWindowsManualNode.define_schema().inputs}
        return ContextWindowsManualNode.execute(model, **{k: v for k, v in settings.items() if k in known})[0]

    def ours(model):
        return run("MagicAnimateContextWindows", model=model, **EIGHTS, context_schedule="standard_static")[0]

    assert relative(latents(hosts), latents(ours)) < TOLERANCE


def test_shared_noise_repeats(run):
    noise = run("MagicAnimateSharedNoise", noise_seed=1, context_length=4)[0]
    drawn = noise.generate_noise({"samples": torch.zeros(10, 4, 2, 2)})
    assert torch.equal(drawn[:4], drawn[4:8]) and torch.equal(drawn[8:], drawn[:2])
    assert len({tuple(frame.flatten().tolist()) for frame in drawn[:4]}) == 4
    assert noise.seed == 1
