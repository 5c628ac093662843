"""Scenes of tests.doors.host.devices that ask what happens inside the net: the small UNet of tests/host, all its parts."""

import importlib
from typing import Any

import pytest
import torch
from pack.magicanimate_core.testing import image_prompts
from pack.tests.doors.host.devices import Scene
from pack.tests.doors.host.pieces import FRAMES, WINDOWS, composed, extra, host, mask, windowed
from pack.tests.host.small import Small, host_vision, random_poses
from torch import Tensor


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


def animated(**options: Any) -> Scene:
    """The Animate node."""
    return lambda small: small.animate(FRAMES, **WINDOWS | {"steps": 1} | options)


def net_patched(module: str, name: str, *, frames: int = FRAMES, side: int = 64, **inputs: Any) -> Scene:
    """One of the host's patches of the net, in the graph of parts."""

    def scene(small: Small) -> Tensor:
        model = extra(module, name, small.temporal(), **inputs)
        return composed(small, windowed(small, model, context_schedule="paper"), frames=frames, side=side)

    return scene


def with_lora(small: Small) -> Tensor:
    model = small.shared_base.clone()
    weights = model.model.diffusion_model.named_parameters()
    keys = [(f"diffusion_model.{name}", weight) for name, weight in weights if name.endswith("attn1.to_k.weight")]
    model.add_patches({key: ("diff", (torch.full(weight.shape, 0.1),)) for key, weight in keys}, 1.0)
    return composed(small, windowed(small, small.temporal(model), context_schedule="paper"))


def in_an_area(small: Small) -> Tensor:
    """Set Mask with mask bounds: the net sees a cut-out, of pose and reference as well."""
    positive, _ = small.text
    part = host("nodes", "ConditioningSetMask", [[text + 1, {}] for text, _ in positive], mask(1), "mask bounds", 1.0)
    return composed(small, windowed(small, small.temporal()), positive + part)


def whole_vae(small: Small) -> Tensor:
    """The host's own VAE, which lies on the device, encodes the reference."""
    from pack.magicanimate_core.host.latents import ATTRIBUTE
    from pack.magicanimate_core.host.vae import load_host_vae

    vae = load_host_vae(small.files.base / "vae")
    delattr(vae, ATTRIBUTE)  # as of a checkpoint, which says nothing of where it is from
    return small.animate(FRAMES, **WINDOWS, steps=1, vae=vae)


def by_an_adapter(small: Small) -> Tensor:
    """An IP-Adapter with a resampler, whose learnt tokens are the one tensor of it that is in no layer."""
    from pack.magicanimate_core.host.loading import load_ip_adapter

    folder = small.files.folder / "image_prompts"
    adapter = load_ip_adapter(str(image_prompts.write_adapter(folder / "plus.safetensors", image_prompts.plus_adapter())))
    parts = {"ip_adapter": adapter, "clip_vision": host_vision(image_prompts.write_image_encoder(folder / "encoder"))}
    return small.animate(FRAMES, **WINDOWS, steps=1, reference_by="ip_adapter", appearance_encoder=None, **parts)


def gpu_only(small: Small) -> Tensor:
    """ComfyUI with --gpu-only: pictures, texts and noise come from nodes that have left them on the device."""
    import comfy.model_management as mm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mm.args, "gpu_only", True)
        place = mm.intermediate_device()
        positive, negative = ([[text.to(place), options] for text, options in texts] for texts in small.text)
        photo, poses = torch.rand(1, 96, 80, 3), random_poses(FRAMES, 72, 88, seed=4)
        inputs = {"positive": positive, "negative": negative, "width": 64, "height": 64, "steps": 1}
        latents = small.animate(reference_image=photo.to(place), pose_video=poses.to(place), **WINDOWS | inputs)
    assert latents.device == place
    return latents.cpu()


def streamed(small: Small) -> Tensor:
    """With hardly any memory the weights stay off the device and come layer by layer."""
    import comfy.model_management as mm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mm, "vram_state", mm.VRAMState.NO_VRAM)
        return small.animate(FRAMES, **WINDOWS, steps=1)


def streamed_adapter(small: Small) -> Tensor:
    """The same for an IP-Adapter and its image model."""
    import comfy.model_management as mm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mm, "vram_state", mm.VRAMState.NO_VRAM)
        return by_an_adapter(small)


def hosts_control(small: Small) -> Tensor:
    """A ControlNet of the host's with a video of its own, before ours."""
    hints = {"image": small.poses(FRAMES, seed=9), "strength": 0.5, "start_percent": 0.0, "end_percent": 1.0}
    positive = host("nodes", "ControlNetApplyAdvanced", *small.text, small.control_net, **hints)
    return composed(small, windowed(small, small.temporal(), context_schedule="paper"), positive)
