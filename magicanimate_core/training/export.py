"""Trained weights in the published file layouts, which the loader nodes and the command line open."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..disk import whole
from ..weights import architecture as arch
from ..weights.published import PUBLISHED, position_tables, shapes_of
from .animation import Animation


def export(module: Animation, folder: Path, untouched: Mapping[str, Path], dtype: torch.dtype = torch.float16) -> list[Path]:
    """Writes folder/magicanimate; returns the files. Parts that a stage left as they were are copied from `untouched`."""
    tensors, written = published(module), []
    for name, place in PUBLISHED.items():
        path = folder / "magicanimate" / place
        if name in untouched:
            written.append(_copy(untouched[name], path.with_suffix(untouched[name].suffix)))
        elif name in tensors:  # the temporal layers as safetensors, too: no pickle
            written.append(_write(path.with_suffix(".safetensors"), tensors[name], dtype))
    return written


def published(module: Animation) -> dict[str, dict[str, Tensor]]:
    """The tensors of each published file, by the file's name."""
    weights = module.weights()
    kept = arch.encoder_tensors(arch.unet_shape(shapes_of(weights["encoder"])))
    files = {"appearance_encoder": {k: weights["encoder"][k] for k in kept}, "densepose_controlnet": weights["controlnet"]}
    if "motion" in weights:
        files["temporal_attention"] = weights["motion"] | position_tables(shapes_of(weights["motion"]))
    return files


def export_base(module: Animation, folder: Path, dtype: torch.dtype = torch.float16) -> list[Path]:
    """Writes the UNet and the empty prompt to folder/base, for a model that was trained from nothing."""
    unet, scheduler = folder / "base" / "unet", folder / "base" / "scheduler" / "scheduler_config.json"
    _save_config(module.temporal.unet, unet)
    scheduler.parent.mkdir(parents=True, exist_ok=True)
    scheduler.write_text(json.dumps({"_class_name": "DDIMScheduler", "prediction_type": module.prediction}) + "\n")
    return [
        scheduler,
        _write(unet / "diffusion_pytorch_model.safetensors", module.weights()["unet"], dtype),
        _write(folder / "base" / "empty_prompt.safetensors", {"tokens": module.text[0]}, dtype),
    ]


def export_vae(vae, folder: Path) -> list[Path]:
    """Writes folder/base/vae, always in 16 bits: exported again it stays the same, and so do caches of its latents."""
    place = folder / "base" / "vae"
    _save_config(vae, place)
    return [_write(place / "diffusion_pytorch_model.safetensors", vae.state_dict(), torch.float16)]


def _save_config(model, folder: Path) -> None:
    """config.json, without the folder that the model came from: it is nobody else's business."""
    model.save_config(folder)
    path = folder / "config.json"
    config = {name: value for name, value in json.loads(path.read_text()).items() if name != "_name_or_path"}
    path.write_text(json.dumps(config, indent=2) + "\n")


def _copy(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if source.resolve() != path.resolve():
        shutil.copy(source, path)
    return path


def _write(path: Path, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> Path:
    with whole(path) as part:
        save_file({k: v.detach().to("cpu", dtype).contiguous() for k, v in tensors.items()}, part, metadata={"format": "pt"})
    return path
