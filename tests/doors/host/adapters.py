"""What is connected to Animate where an IP-Adapter, or CLIP, is to show the photo, and what must come of it."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from pack.magicanimate_core.testing.image_prompts import plain_adapter, plus_adapter, write_adapter, write_image_encoder
from pack.tests.doors.table import Case, Refused

VIT_H = "CLIP ViT-H/14, models/image_encoder of h94/IP-Adapter"


def adapter(make: Callable[[], dict] = plain_adapter) -> Callable[[Path], Any]:
    def bring(folder: Path) -> Any:
        from pack.magicanimate_core.host.loading import load_ip_adapter

        return load_ip_adapter(str(write_adapter(folder / "a.safetensors", make())))

    return bring


def vision(**sizes: int) -> Callable[[Path], Any]:
    def bring(folder: Path) -> Any:
        from pack.tests.host.small import host_vision

        return host_vision(write_image_encoder(folder / "encoder", **sizes))

    return bring


def without_projection(folder: Path) -> Any:
    """SigLIP or DINO: the host loads them as CLIP_VISION, too."""
    return SimpleNamespace(model=torch.nn.Module())


def unprojected(folder: Path) -> Any:
    """CLIP's image model without its last matrix."""
    made = vision()(folder)
    made.model.visual_projection = torch.nn.Identity()
    return made


def given(**makers: Any) -> Callable[[Path], dict[str, Any]]:
    """Inputs of Animate; those that are made of files are functions of a folder."""
    return lambda folder: {name: value(folder) if callable(value) else value for name, value in makers.items()}


def by_adapter(**makers: Any) -> Callable[[Path], dict[str, Any]]:
    return given(**{"reference_by": "ip_adapter", "ip_adapter": adapter(), "clip_vision": vision()} | makers)


def animated(latents: Any) -> None:
    assert latents.shape == (2, 4, 8, 8) and latents.isfinite().all()


SHOWN = [
    Case("an IP-Adapter and its image model", by_adapter(), animated),
    Case("no appearance encoder beside them", by_adapter(appearance_encoder=None), animated),
    Case("a plus adapter and its image model", by_adapter(ip_adapter=adapter(plus_adapter)), animated),
    Case("twice as strong", by_adapter(ip_adapter_scale=2.0), animated),
    Case("an adapter that waits for its turn", given(ip_adapter=adapter()), animated),
    Case("no photo of this pack", given(reference_by="none", appearance_encoder=None), animated),
    Case("no adapter", given(reference_by="ip_adapter", clip_vision=vision()), Refused(
        "reference_by is ip_adapter, but ip_adapter is not connected: connect Load IP-Adapter .*h94/IP-Adapter")),
    Case("no image model", given(reference_by="ip_adapter", ip_adapter=adapter()), Refused(
        f"reference_by is ip_adapter, but clip_vision is not connected: connect Load CLIP Vision .{VIT_H}")),
    Case("neither", given(reference_by="ip_adapter"), Refused("but ip_adapter is not connected")),
    Case("no image model of CLIP's own", given(reference_by="clip_image"), Refused(
        "reference_by is clip_image, but clip_vision is not connected: .*openai/clip-vit-large-patch14")),
    Case("an image model of another vector", by_adapter(clip_vision=vision(projection=48)), Refused(
        f"a.safetensors reads 40 numbers of a photo, clip_vision gives 48: take the image encoder .*{VIT_H}")),
    Case("an image model of other patches", by_adapter(ip_adapter=adapter(plus_adapter), clip_vision=vision(hidden=32)),
         Refused("reads 64 numbers of a photo, clip_vision gives 32")),
    Case("no CLIP at all", by_adapter(clip_vision=without_projection), Refused(
        f"clip_vision has no projection into the space of texts; expected {VIT_H}")),
    Case("CLIP without its projection", by_adapter(clip_vision=unprojected), Refused("no projection into the space")),
    Case("a strength for nothing", given(ip_adapter_scale=0.5), Refused(
        "ip_adapter_scale is 0.5, which has no effect where reference_by is appearance_encoder: set it to 1, or refer")),
    Case("a strength for CLIP's tokens", given(reference_by="clip_image", ip_adapter_scale=0.0), Refused(
        "ip_adapter_scale is 0, which has no effect where reference_by is clip_image")),
    Case("a strength below nothing", by_adapter(ip_adapter_scale=-1.0), Refused("ip_adapter_scale is -1.0; expected 0")),
    Case("a strength that is no number", by_adapter(ip_adapter_scale=float("nan")), Refused("ip_adapter_scale is nan; exp")),
]  # fmt: skip
