"""Parts 5, 11 and 12: other nodes on the same model."""

import resource

import torch
from safetensors.torch import save_file
from torch import Tensor

from magicanimate_core.weights import architecture as arch
from magicanimate_core.weights.published import shapes_of

from .bench import Bench, Rows
from .latents import compare
from .measuring import Memory, Timed, now
from .pictures import dancer
from .scene import Clock, Scene

LORA = "random_lora.safetensors"
RANK = 4


def self_attention_guidance(bench: Bench) -> Rows:
    """Without and with SAG, which is for latents of 16 and more a side."""
    scene, sizes = Scene(bench), bench.sizes
    bench.host.load("nodes_sag")
    guided = scene.run("SelfAttentionGuidance", model=scene.temporal, scale=0.5, blur_sigma=2.0)[0]
    for name, model in (("without", scene.temporal), ("with", guided)):
        with Memory() as memory:
            timed = scene.animate(sizes.frames, sizes.steps, model, side=sizes.guided_side)
        yield name, timed.numbers() | memory.numbers()


def differential_diffusion(bench: Bench) -> Rows:
    """Without, and with a mask that goes from 0 to 1 across the picture."""
    scene, sizes = Scene(bench), bench.sizes
    bench.host.load("nodes_differential_diffusion")
    masked = scene.run("DifferentialDiffusion", model=scene.temporal)[0]
    ramp = torch.linspace(0, 1, sizes.side).expand(1, sizes.side, sizes.side)  # (1, H, W)
    for name, model, mask in (("without", scene.temporal, torch.ones_like(ramp)), ("with", masked, ramp)):
        with Memory() as memory:
            timed = composed(scene, model, mask)
        yield name, timed.numbers() | memory.numbers()


def composed(scene: Scene, model, mask: Tensor) -> Timed:
    """The graph of parts with ComfyUI's KSampler. mask: (1, H, W), 1 where the latent is drawn anew."""
    sizes, run = scene.sizes, scene.run
    image, poses = dancer(sizes.side, sizes.frames)
    reference = {"appearance_encoder": scene.encoder, "vae": scene.checkpoint[2], "reference_image": image}
    model = run("MagicAnimateApplyReference", model=model, **reference, width=sizes.side, height=sizes.side)[0]
    clock = Clock(run("MagicAnimateContextWindows", model=model, **scene.windows)[0])
    texts = {"positive": scene.text, "negative": scene.text}
    positive, negative = run("MagicAnimateApplyPose", **texts, control_net=scene.control_net, pose_video=poses)
    return sample(scene, clock, {"samples": random_latents(scene), "noise_mask": mask}, positive, negative)


def sample(scene: Scene, clock: Clock, latent: dict, positive: list, negative: list) -> Timed:
    """ComfyUI's KSampler on the clock's model. latent: its LATENT, samples (F, 4, h, w)."""
    settings = {"seed": 1, "steps": scene.sizes.steps, "cfg": 7.5, "sampler_name": "ddim", "scheduler": "ddim_uniform"}
    begin = now()
    (out,) = scene.run(
        "KSampler", model=clock.model, **settings, positive=positive, negative=negative, latent_image=latent, denoise=1.0
    )
    return Timed(marks=[begin, *clock.begins[1:], now()], latents=out["samples"])


def random_latents(scene: Scene) -> Tensor:  # (F, 4, h, w)
    side = scene.sizes.side // 8
    return torch.randn(scene.sizes.frames, 4, side, side, generator=torch.Generator().manual_seed(0))


def temporal_first(bench: Bench) -> Rows:
    """Nothing else has run in this process when the temporal MODEL is loaded and sampled."""
    scene = Scene(bench)
    clock = Clock(scene.run("MagicAnimateContextWindows", model=scene.temporal, **scene.windows)[0])
    text = [[torch.zeros(1, 77, arch.SD15.context_width), {}]]  # tokens (1, L, D)
    with Memory() as memory:
        timed = sample(scene, clock, {"samples": torch.zeros_like(random_latents(scene))}, text, text)
    yield "Sliding Windows, KSampler", timed.numbers() | memory.numbers()


def lora_hook(bench: Bench) -> Rows:
    """A LoRA on the positive conditioning, as a hook: without strength the latents are those without it."""
    scene = Scene(bench)
    bench.host.load("nodes_hooks")
    write_lora(bench, scene)
    for strength in (0.0, 1.0):
        hooks = scene.run("CreateHookLoraModelOnly", lora_name=LORA, strength_model=strength)[0]
        given = {"strength": 1.0, "set_cond_area": "default", "hooks": hooks}
        positive = scene.run("ConditioningSetProperties", cond_NEW=scene.text, **given)[0]
        yield f"strength {strength:g}", compare(bench, scene, bench.sizes.steps, False, positive=positive)


def lora_strength(bench: Bench) -> Rows:
    """Three runs in one process, as when a user moves the slider."""
    scene, sizes = Scene(bench), bench.sizes
    write_lora(bench, scene)
    for strength in (1.0, 0.5, 0.5):
        with Memory() as memory:
            model = scene.run("LoraLoaderModelOnly", model=scene.checkpoint[0], lora_name=LORA, strength_model=strength)[0]
            timed = scene.animate(sizes.window, 2, scene.make_temporal(model))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        yield f"strength {strength:g}", timed.numbers() | {"process_gib": peak} | memory.numbers()


def write_lora(bench: Bench, scene: Scene) -> None:
    """A random LoRA of rank 4 for every attention of the UNet, under ComfyUI's names of its weights."""
    path = bench.base / "models" / "loras" / LORA
    path.parent.mkdir(exist_ok=True)
    generator, tensors = torch.Generator().manual_seed(0), {}
    for key, shape in shapes_of(scene.checkpoint[0].model.diffusion_model.state_dict()).items():
        if ".attn" in key and key.endswith(".weight"):
            name, (rows, columns) = f"diffusion_model.{key.removesuffix('.weight')}", shape
            tensors[f"{name}.lora_up.weight"] = torch.randn(rows, RANK, generator=generator) / 10
            tensors[f"{name}.lora_down.weight"] = torch.randn(RANK, columns, generator=generator) / columns**0.5
    save_file(tensors, path)
