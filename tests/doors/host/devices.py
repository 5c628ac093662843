"""Scenes that are sampled twice, on the CPU and on a pretended accelerator: small models in, latents (F, 4, 8, 8) out.

Most of them ask what happens to the sampler's own tensors. Their net is a formula, which costs nothing; where a net's
inside matters, it is the small UNet of tests/host.
"""

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from pack.tests.host.small import Small
from torch import Tensor, nn

Scene = Callable[[Small], Tensor]

FRAMES = 5  # in windows of 4, 1 of them shared: padded to 8, three windows that run over the end
WINDOWS = {"context_length": 4, "context_overlap": 1}


class Formula(nn.Module):
    """Stands for a UNet: reads all that one reads, and has no weights."""

    dtype = torch.float32

    def __init__(self, **config: Any) -> None:
        super().__init__()

    def forward(self, x: Tensor, timesteps: Tensor, context: Tensor, **inputs: Any) -> Tensor:  # (B, 4, h, w), (B,)
        text = context.mean((1, 2)) + timesteps / 1000  # (B,)
        return 0.5 * x + (x.flip(-1) + text[:, None, None, None]).tanh()


def formula(small: Small) -> Any:
    """A MODEL of MagicAnimate's noise schedule and windows around the formula."""
    import comfy.model_base
    import comfy.model_management as mm
    import comfy.model_patcher
    import comfy.supported_models
    from pack.magicanimate_core.host.temporal import LinearBetasEps

    config = comfy.supported_models.SD15({"context_dim": 48, "in_channels": 4})
    config.set_inference_dtype(torch.float32, None)
    net = comfy.model_base.BaseModel(config, unet_model=Formula)
    model = comfy.model_patcher.ModelPatcher(net, mm.get_torch_device(), mm.unet_offload_device())
    model.add_object_patch("model_sampling", LinearBetasEps())
    return windowed(small, model)


def windowed(small: Small, model: Any, **options: Any) -> Any:
    return small.run("MagicAnimateContextWindows", model=model, **WINDOWS | options)[0]


def host(module: str, name: str, *args: Any, **inputs: Any) -> Any:
    """The first output of one of the host's nodes, in either way they are written."""
    node = getattr(importlib.import_module(module), name)
    with torch.inference_mode():
        return (node.execute if hasattr(node, "execute") else getattr(node(), node.FUNCTION))(*args, **inputs)[0]


def extra(module: str, name: str, *args: Any, **inputs: Any) -> Any:
    return host(f"comfy_extras.nodes_{module}", name, *args, **inputs)


def custom(name: str, *args: Any, **inputs: Any) -> Any:
    return extra("custom_sampler", name, *args, **inputs)


def cfg(small: Small, model: Any, scale: float = 7.5, positive: list | None = None) -> Any:
    """A GUIDER with the small texts."""
    return custom("CFGGuider", model, positive or small.text[0], small.text[1], scale)


def clip() -> dict:
    """A LATENT of a clip that is there already."""
    return {"samples": torch.randn(FRAMES, 4, 8, 8, generator=torch.Generator("cpu").manual_seed(1))}


def mask(frames: int = FRAMES) -> Tensor:
    """A MASK (frames, H, W), of other values in every frame."""
    return torch.rand(frames, 64, 64, generator=torch.Generator("cpu").manual_seed(2))


def sampled(
    small: Small, guider: Any, sampler: Any = "euler", scheduler: str = "normal", steps: int = 3,
    latent: dict | None = None, sigmas: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The latents of SamplerCustomAdvanced, started from shared noise."""
    noise = small.run("MagicAnimateSharedNoise", noise_seed=3, context_length=4)[0]
    if sigmas is None:
        sigmas = custom("BasicScheduler", guider.model_patcher, scheduler, steps, 1.0)
    sampler = custom("KSamplerSelect", sampler) if isinstance(sampler, str) else sampler
    latent = latent or {"samples": torch.zeros(FRAMES, 4, 8, 8)}
    return custom("SamplerCustomAdvanced", noise, guider, sampler, sigmas, latent)["samples"]


# --- the sampler's own tensors ---------------------------------------------------------------------------------------


def sampler(name: str) -> Scene:
    return lambda small: sampled(small, cfg(small, formula(small)), name, steps=4)


def scheduler(name: str) -> Scene:
    return lambda small: sampled(small, cfg(small, formula(small)), scheduler=name)


def patched(module: str, name: str, **inputs: Any) -> Scene:
    """One of the host's patches of a MODEL, on the formula."""
    return lambda small: sampled(small, cfg(small, extra(module, name, formula(small), **inputs)))


def guided(name: str) -> Scene:
    """One of the host's GUIDERs."""

    def scene(small: Small) -> Tensor:
        model, (positive, negative) = formula(small), small.text
        third = [[text + 1, dict(options)] for text, options in positive]
        return sampled(small, {
            "basic": lambda: custom("BasicGuider", model, positive),
            "dual": lambda: custom("DualCFGGuider", model, positive, third, negative, 5.0, 3.0, "regular"),
            "dual, nested": lambda: custom("DualCFGGuider", model, positive, third, negative, 5.0, 3.0, "nested"),
            "perpendicular": lambda: extra("perpneg", "PerpNegGuider", model, positive, negative, third, 7.5, 1.0),
            "at scale 1": lambda: cfg(small, model, 1.0),
        }[name]())  # fmt: skip

    return scene


def conditioned(node: str, **inputs: Any) -> Scene:
    """A positive conditioning that holds for a part of picture or steps, beside one that holds everywhere."""

    def scene(small: Small) -> Tensor:
        positive, _ = small.text
        part = host("nodes", node, [[text + 1, dict(options)] for text, options in positive], **inputs)
        return sampled(small, cfg(small, formula(small), positive=positive + part))

    return scene


def text_per_frame(small: Small) -> Tensor:
    text = torch.randn(FRAMES, 77, 48, generator=torch.Generator("cpu").manual_seed(4))
    return sampled(small, cfg(small, formula(small), positive=[[text, {}]]))


def masked(frames: int, strength: float | None = None) -> Scene:
    """A noise mask, of one picture or one per frame; with a strength, under Differential Diffusion."""

    def scene(small: Small) -> Tensor:
        model = formula(small)
        if strength is not None:
            model = extra("differential_diffusion", "DifferentialDiffusion", model, strength)
        latent = host("nodes", "SetLatentNoiseMask", clip(), mask(frames))
        return sampled(small, cfg(small, model), latent=latent)

    return scene


def inpainted(small: Small) -> Tensor:
    """VAE Encode (for Inpainting), with ddim, which takes other noise under the mask."""
    pixels = torch.rand(FRAMES, 64, 64, 3, generator=torch.Generator("cpu").manual_seed(8))
    vae = SimpleNamespace(spacial_compression_encode=lambda: 8, downscale_ratio=8, encode=small.vae.encode)
    latent = host("nodes", "VAEEncodeForInpaint", vae, pixels, mask())
    return sampled(small, cfg(small, formula(small)), "ddim", latent=latent)


def noise_added(small: Small) -> Tensor:
    """AddNoise, then the second half of the steps without any."""
    model = formula(small)
    noise = small.run("MagicAnimateSharedNoise", noise_seed=3, context_length=4)[0]
    sigmas = custom("BasicScheduler", model, "normal", 4, 1.0)[2:]
    latent = custom("AddNoise", model, noise, sigmas, clip())
    return custom("SamplerCustom", model, False, 3, 7.5, *small.text, custom("KSamplerSelect", "dpmpp_2m"), sigmas, latent)[
        "samples"
    ]


def in_two_halves(small: Small) -> Tensor:
    """KSampler (Advanced) twice, the first with leftover noise."""
    model, texts = formula(small), small.text
    latent = {"samples": torch.zeros(FRAMES, 4, 8, 8)}
    how = (4, 7.5, "dpmpp_2m", "karras", *texts)
    half = host("nodes", "KSamplerAdvanced", model, "enable", 3, *how, latent, 0, 2, "enable")
    return host("nodes", "KSamplerAdvanced", model, "disable", 3, *how, half, 2, 10000, "disable")["samples"]


def split_sigmas(small: Small) -> Tensor:
    model = formula(small)
    late = custom("SplitSigmas", custom("BasicScheduler", model, "normal", 4, 1.0), 2)  # the first part
    return sampled(small, cfg(small, model), "res_multistep", latent=clip(), sigmas=late)


def previewed(small: Small) -> Tensor:
    """With a picture of every step; the scene is its pixels."""
    import latent_preview
    import pytest

    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latent_preview.args, "preview_method", latent_preview.LatentPreviewMethod.Latent2RGB)
        picture = latent_preview.preview_to_image

        def show(latent: Tensor, **how: Any) -> Any:  # (h, w, 3)
            shown.append(latent.cpu())
            return picture(latent, **how)

        patch.setattr(latent_preview, "preview_to_image", show)
        latents = sampled(small, cfg(small, formula(small)))
    assert len(shown) == 3
    return torch.cat([latents.flatten(), *(pixels.flatten() for pixels in shown)])


def hosts_windows(small: Small) -> Tensor:
    """The host's Context Windows in the place of ours."""
    settings = {
        "context_length": 4, "context_overlap": 1, "context_schedule": "standard_static", "context_stride": 1,
        "closed_loop": False, "fuse_method": "pyramid", "dim": 0, "freenoise": False, "causal_window_fix": False,
    }  # fmt: skip
    node = importlib.import_module("comfy_extras.nodes_context_windows").ContextWindowsManualNode
    known = {i.id for i in node.define_schema().inputs}
    model = node.execute(small.temporal(), **{k: v for k, v in settings.items() if k in known})[0]
    return composed(small, model)


# --- the net's inside ------------------------------------------------------------------------------------------------


def animated(**options: Any) -> Scene:
    """The Animate node."""
    return lambda small: small.animate(FRAMES, **WINDOWS | {"steps": 1} | options)


def composed(
    small: Small, model: Any, positive: list | None = None, frames: int = FRAMES, side: int = 64, steps: int = 1
) -> Tensor:
    """The graph of parts around a MODEL that has its windows already. side: pixels."""
    reference = {"appearance_encoder": small.encoder, "vae": small.vae, "reference_image": small.image()}
    model = small.run("MagicAnimateApplyReference", model=model, width=side, height=side, **reference)[0]
    video = {"control_net": small.control_net, "pose_video": small.poses(frames)}
    texts = {"positive": positive or small.text[0], "negative": small.text[1]}
    positive, negative = small.run("MagicAnimateApplyPose", **texts, **video)
    guider = custom("CFGGuider", model, positive, negative, 7.5)
    return sampled(small, guider, steps=steps, latent={"samples": torch.zeros(frames, 4, side // 8, side // 8)})


def net_patched(module: str, name: str, *, frames: int = FRAMES, side: int = 64, **inputs: Any) -> Scene:
    """One of the host's patches of the net, in the graph of parts."""

    def scene(small: Small) -> Tensor:
        model = extra(module, name, small.temporal(), **inputs)
        return composed(small, windowed(small, model), frames=frames, side=side)

    return scene


def with_lora(small: Small) -> Tensor:
    model = small.shared_base.clone()
    weights = model.model.diffusion_model.named_parameters()
    keys = [(f"diffusion_model.{name}", weight) for name, weight in weights if name.endswith("attn1.to_k.weight")]
    model.add_patches({key: ("diff", (torch.full(weight.shape, 0.1),)) for key, weight in keys}, 1.0)
    return composed(small, windowed(small, small.temporal(model)))


def in_an_area(small: Small) -> Tensor:
    """Set Mask with mask bounds: the net sees a cut-out, of pose and reference as well."""
    positive, _ = small.text
    part = host("nodes", "ConditioningSetMask", [[text + 1, {}] for text, _ in positive], mask(1), "mask bounds", 1.0)
    return composed(small, windowed(small, small.temporal()), positive + part)


def whole_vae(small: Small) -> Tensor:
    """The host's own VAE, which lies on the device, encodes the reference."""
    from pack.magicanimate_core.host.vae import load_host_vae

    return small.animate(FRAMES, **WINDOWS, steps=1, vae=load_host_vae(small.files.base / "vae"))
