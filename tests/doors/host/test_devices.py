"""On a card nothing mixes with what lies off it: all that runs on the CPU runs there, to the same bits."""

import pytest
import torch
from pack.tests.doors.host import devices, guests
from pack.tests.doors.table import Case, cases, passes
from pack.tests.host.pretending import pretended
from pack.tests.host.small import Small


def alike(outputs):
    here, distant = outputs
    assert type(distant) is torch.Tensor and here.isfinite().all()
    assert torch.equal(here, distant)


@pytest.fixture(scope="module")
def there(small):
    """The same files for models that are loaded on the accelerator."""
    return Small(small.files, small.run)


@pytest.fixture
def twice(small, there):
    @torch.inference_mode()  # as the host runs its nodes
    def sample(scene):
        torch.manual_seed(0)
        here = scene(small)
        torch.manual_seed(0)
        with pretended():
            return here, scene(there)

    return sample


def rows(kind, scene, names):
    return [Case(f"{kind}: {name}", scene(name), alike) for name in names]


def hosts(kind):
    """Every sampler or scheduler of this host; none where there is no host, and the tests are skipped."""
    try:
        import comfy.samplers
    except ImportError:
        return ["none"]
    return getattr(comfy.samplers.KSampler, kind)


@cases(
    *rows("sampler", devices.sampler, hosts("SAMPLERS")),
    *rows("scheduler", devices.scheduler, hosts("SCHEDULERS")),
    *rows("guider", devices.guided, ["basic", "dual", "dual, nested", "perpendicular", "at scale 1"]),
    Case("noise mask of one picture", devices.masked(1), alike),
    Case("noise mask per frame", devices.masked(devices.FRAMES), alike),
    Case("Differential Diffusion", devices.masked(devices.FRAMES, 1.0), alike),
    Case("Differential Diffusion at half strength", devices.masked(1, 0.5), alike),
    Case("VAE Encode for inpainting", devices.inpainted, alike),
    Case("Set Area", devices.conditioned("ConditioningSetArea", width=32, height=48, x=16, y=8, strength=0.8), alike),
    Case(
        "Set Area by percentage",
        devices.conditioned("ConditioningSetAreaPercentage", width=0.5, height=1.0, x=0.5, y=0.0, strength=1.0),
        alike,
    ),
    Case(
        "Set Mask",
        devices.conditioned("ConditioningSetMask", mask=devices.mask(1), set_cond_area="default", strength=1.0),
        alike,
    ),
    Case(
        "Set Mask per frame",
        devices.conditioned("ConditioningSetMask", mask=devices.mask(), set_cond_area="default", strength=0.5),
        alike,
    ),
    Case("Set Timestep Range", devices.conditioned("ConditioningSetTimestepRange", start=0.0, end=0.5), alike),
    Case("text per frame", devices.text_per_frame, alike),
    Case("AddNoise, then the last steps", devices.noise_added, alike),
    Case("KSampler (Advanced) in two halves", devices.in_two_halves, alike),
    Case("the first of split sigmas", devices.split_sigmas, alike),
    Case("KSampler from a clip", devices.from_a_clip, alike),
    Case("--gpu-only, a clip with a mask", devices.gpu_only_graph, alike),
    Case("previews", devices.previewed, alike),
    Case("RescaleCFG", devices.patched("model_advanced", "RescaleCFG", multiplier=0.7), alike),
    Case("Video Linear CFG", devices.patched("video_model", "VideoLinearCFGGuidance", min_cfg=1.0), alike),
    Case("Video Triangle CFG", devices.patched("video_model", "VideoTriangleCFGGuidance", min_cfg=1.0), alike),
    Case("CFG-Zero*", devices.patched("cfg", "CFGZeroStar"), alike),
    Case("CFG Norm", devices.patched("cfg", "CFGNorm", strength=1.0), alike),
    Case("APG", devices.patched("apg", "APG", eta=0.5, norm_threshold=5.0, momentum=0.5), alike),
    Case("Tangential damping CFG", devices.patched("tcfg", "TCFG"), alike),
    Case("Mahiro", devices.patched("mahiro", "Mahiro"), alike),
    Case("FreSca", devices.patched("fresca", "FreSca", scale_low=1.0, scale_high=1.25, freq_cutoff=2), alike),
    Case("Epsilon Scaling", devices.patched("eps", "EpsilonScaling", scaling_factor=1.005), alike),
    Case(
        "LazyCache",
        devices.patched(
            "easycache", "LazyCacheNode", reuse_threshold=0.2, start_percent=0.1, end_percent=0.9, verbose=False
        ),
        alike,
    ),
)
def test_samplers_tensors_stay_together(case, twice):
    passes(case, lambda: twice(case.brings))


@cases(
    Case("Animate", guests.animated(), alike),
    Case("Animate with cfg 1", guests.animated(cfg=1.0), alike),
    Case("Animate with batched windows", guests.animated(windows_per_batch=2), alike),
    Case(
        "Animate with heun, and a pyramid over the paper's windows",
        guests.animated(sampler_name="heun", steps=2, fuse_method="pyramid", context_schedule="paper"),
        alike,
    ),
    Case("Animate in the host's uniform windows", guests.animated(context_schedule="standard_uniform"), alike),
    Case("--gpu-only", guests.gpu_only, alike),
    Case("Animate with an IP-Adapter", guests.by_an_adapter, alike),
    Case("an IP-Adapter that streams", guests.streamed_adapter, alike),
    Case("weights that stream", guests.streamed, alike),
    Case("a ControlNet of the host's", guests.hosts_control, alike),
    Case("the host's VAE", guests.whole_vae, alike),
    Case("the host's Context Windows", guests.hosts_windows, alike),
    Case(
        "Self-Attention Guidance",
        guests.net_patched("sag", "SelfAttentionGuidance", frames=4, side=128, scale=0.5, blur_sigma=2.0),
        alike,
    ),
    Case("Perturbed-Attention Guidance", guests.net_patched("pag", "PerturbedAttentionGuidance", scale=3.0), alike),
    Case("FreeU", guests.net_patched("freelunch", "FreeU", b1=1.3, b2=1.4, s1=0.9, s2=0.2), alike),
    Case(
        "HyperTile",
        guests.net_patched("hypertile", "HyperTile", tile_size=32, swap_size=2, max_depth=0, scale_depth=False),
        alike,
    ),
    Case("Token merging", guests.net_patched("tomesd", "TomePatchModel", ratio=0.3), alike),
    Case("LoRA", guests.with_lora, alike),
    Case("Set Mask with mask bounds", guests.in_an_area, alike),
)
def test_the_net_and_its_guests_stay_together(case, twice):
    passes(case, lambda: twice(case.brings))


def test_a_step_waits_once(there):
    """For its sigma; nothing else comes back from the device before the end."""
    counts = []
    with pretended() as accelerator:
        for steps in (1, 1, 2):  # the first one loads; each has a fresh MODEL on the same weights
            accelerator.count.clear()
            there.animate(8, context_length=4, context_overlap=0, steps=steps)
            counts.append(accelerator.count.copy())
    step = counts[2] - counts[1]
    assert step["waits"] == 1 and step["from"] == 0
