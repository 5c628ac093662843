"""Trained weights in the published file layouts, which the loader nodes and the command line open. All in 16 bits."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..disk import whole, writing
from ..weights import architecture as arch
from ..weights.made_for import MadeFor
from ..weights.published import PUBLISHED, position_tables, shapes_of
from .animation import Animation
from .run.processes import processes

# the published file of each part of the nets
PUBLISHED_PARTS = {
    "encoder": "appearance_encoder",
    "controlnet": "densepose_controlnet",
    "motion": "temporal_attention",
}
DIFFUSERS_FILE = "diffusion_pytorch_model.safetensors"


def whole_export(folder: Path, export: Callable[[Path], list[Path]]) -> list[Path]:
    """Exports to folder/export, in the first process; half an export, which the next stage would start from, is never there.

    Returns the files, none in other processes. Raises OSError where they cannot be written; an earlier export stays.
    """
    if not processes().is_main_process:
        return []
    place = folder / "export"
    with writing(place), whole(place) as part:
        written = export(part)
    return [place / path.relative_to(part) for path in written]


def export_published(
    nets: Animation, folder: Path, untouched: Mapping[str, Path], made_for: MadeFor | None = None
) -> list[Path]:
    """Writes folder/magicanimate; returns the files. Parts that a stage left as they were are copied from `untouched`.

    made_for: what the files say that they were made for, if that is something special.
    """
    header = made_for.header() if made_for else {}
    tensors, written = published_tensors(nets), []
    for name, place in PUBLISHED.items():
        path = folder / "magicanimate" / place
        if name in untouched:
            written.append(_copy(untouched[name], path.with_suffix(untouched[name].suffix)))
        elif name in tensors:  # the temporal layers as safetensors, too: no pickle
            written.append(_write(path.with_suffix(".safetensors"), tensors[name], header))
    return written


def published_tensors(nets: Animation) -> dict[str, dict[str, Tensor]]:
    """Returns the tensors of each published file, by the file's name."""
    weights = nets.weights()
    files = {file: weights[part] for part, file in PUBLISHED_PARTS.items() if part in weights}
    needed = arch.encoder_tensors(arch.unet_shape(shapes_of(weights["encoder"])))
    files["appearance_encoder"] = {key: weights["encoder"][key] for key in needed}
    if "motion" in weights:
        files["temporal_attention"] = weights["motion"] | position_tables(shapes_of(weights["motion"]))
    return files


def export_base(nets: Animation, folder: Path) -> list[Path]:
    """Writes the UNet and the empty prompt to folder/base, for a model that was trained from nothing; returns the files."""
    unet, scheduler = folder / "base" / "unet", folder / "base" / "scheduler" / "scheduler_config.json"
    _save_config(nets.temporal.unet, unet)
    scheduler.parent.mkdir(parents=True, exist_ok=True)
    scheduler.write_text(json.dumps({"_class_name": "DDIMScheduler", "prediction_type": nets.prediction}) + "\n")
    return [
        scheduler,
        _write(unet / DIFFUSERS_FILE, nets.weights()["unet"]),
        _write(folder / "base" / "empty_prompt.safetensors", {"tokens": nets.text[0]}),
    ]


def export_vae(vae: nn.Module, folder: Path) -> list[Path]:
    """Writes folder/base/vae; returns the files. In 16 bits it stays the same when exported again, as do its caches."""
    place = folder / "base" / "vae"
    _save_config(vae, place)
    return [_write(place / DIFFUSERS_FILE, vae.state_dict())]


def _save_config(model: nn.Module, folder: Path) -> None:
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


def _write(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str] = MappingProxyType({})) -> Path:
    with whole(path) as part:
        halves = {name: t.detach().to("cpu", torch.float16).contiguous() for name, t in tensors.items()}
        save_file(halves, part, metadata={"format": "pt"} | header)
    return path
