"""Graphs of the host's nodes around the pack's, small: what a scene is put together from."""

import importlib
from typing import Any

import torch
from pack.tests.host.small import Small
from torch import Tensor, nn

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
    from pack.magicanimate_core.host.noise_schedule import linear_sampling, start_from_noise

    config = comfy.supported_models.SD15({"context_dim": 48, "in_channels": 4})
    config.set_inference_dtype(torch.float32, None)
    net = comfy.model_base.BaseModel(config, unet_model=Formula)
    model = comfy.model_patcher.ModelPatcher(net, mm.get_torch_device(), mm.unet_offload_device())
    model.add_object_patch("model_sampling", linear_sampling(model))
    start_from_noise(model)
    return windowed(small, model)


def windowed(small: Small, model: Any, **options: Any) -> Any:
    return small.run("MagicAnimateContextWindows", model=model, **WINDOWS | options)[0]


def host(module: str, name: str, *args: Any, **inputs: Any) -> Any:
    """The first output of one of the host's nodes, in either way they are written."""
    node = getattr(importlib.import_module(module), name)
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
