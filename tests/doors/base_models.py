"""Base models as people have them: folders in one precision, pickled or torn, checkpoints that say what they are."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

PARTS = ("unet", "vae", "text_encoder")
Change = Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]


def stem(part: str, pickled: bool = False) -> str:
    """What a part's weights are called."""
    return ("pytorch_model" if pickled else "model") if part == "text_encoder" else "diffusion_pytorch_model"


def kept_as(folder: Path, ending: str, change: Change = lambda tensors: tensors, keep: bool = False) -> Path:
    """All weights under another ending: .fp16.safetensors, .bin, ..."""
    for part in PARTS:
        (path,) = (folder / part).glob("*.safetensors")
        tensors = change(load_file(path))
        if not keep:
            path.unlink()
        out = path.with_name(stem(part, ending.endswith("bin")) + ending)
        torch.save(tensors, out) if ending.endswith("bin") else save_file(tensors, out, {"format": "pt"})
    return folder


def halves(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}


def zeros(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: torch.zeros_like(tensor) for name, tensor in halves(tensors).items()}


def unet(folder: Path, change: Change) -> Path:
    """Another UNet in its place."""
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file(change(load_file(path)), path, {"format": "pt"})
    return folder


def torn(folder: Path) -> Path:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    return folder


def pointer(folder: Path) -> Path:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    return folder


def without(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).unlink()
    return folder


def old_names(folder: Path) -> Path:
    """The VAE's attention as diffusers called it at first, and as most copies of SD 1.5 still have it."""
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    for new, old in names.items():
        tensors = {key.replace(f"attentions.0.{new}.", f"attentions.0.{old}."): value for key, value in tensors.items()}
    save_file(tensors, path, {"format": "pt"})
    return folder


def scheduler(folder: Path, **config) -> Path:
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))
    return folder


def checkpoint(folder: Path, *markers: str, config: str = "", ending: str = ".safetensors", **metadata: str) -> Path:
    """A single file with markers among its tensors, words in its header, and a config beside it."""
    path = folder / f"model{ending}"
    tensors = {name: torch.zeros(0) for name in markers} | {"model.diffusion_model.x": torch.zeros(1)}
    words = {name.replace("__", "."): word for name, word in metadata.items()}
    torch.save(tensors, path) if ending == ".ckpt" else save_file(tensors, path, {"format": "pt"} | words)
    if config:
        path.with_suffix(".yaml").write_text(config)
    return path
