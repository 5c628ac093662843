"""Scenes that are sampled twice, on the CPU and on a pretended accelerator: small models in, latents (F, 4, 8, 8) out.

These ask what happens to the sampler's own tensors. Their net is a formula, which costs nothing.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pack.tests.doors.host.pieces import (
    FRAMES,
    cfg,
    clip,
    custom,
    extra,
    formula,
    host,
    mask,
    sampled,
)
from pack.tests.host.small import Small
from torch import Tensor

Scene = Callable[[Small], Tensor]


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


def from_a_clip(small: Small) -> Tensor:
    """KSampler at denoise 0.5."""
    how = (3, 3, 7.5, "euler_ancestral", "sgm_uniform", *small.text)
    return host("nodes", "KSampler", formula(small), *how, clip(), 0.5)["samples"]


def split_sigmas(small: Small) -> Tensor:
    model = formula(small)
    late = custom("SplitSigmas", custom("BasicScheduler", model, "normal", 4, 1.0), 2)  # the first part
    return sampled(small, cfg(small, model), "res_multistep", latent=clip(), sigmas=late)


def previewed(small: Small) -> Tensor:
    """With a picture of every step; the scene is its pixels."""
    import latent_preview

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


def gpu_only_graph(small: Small) -> Tensor:
    """ComfyUI with --gpu-only: a clip and its mask come from nodes that have left them on the device."""
    import comfy.model_management as mm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mm.args, "gpu_only", True)
        latent = {"samples": clip()["samples"].to(mm.intermediate_device())}
        latent = host("nodes", "SetLatentNoiseMask", latent, mask().to(mm.intermediate_device()))
        return sampled(small, cfg(small, formula(small)), "dpmpp_2m_sde", latent=latent).cpu()
