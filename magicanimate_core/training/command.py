"""`python -m magicanimate_core train CONFIG --stage STAGE --out FOLDER`."""

import argparse
import hashlib
import shutil
from pathlib import Path

import numpy as np
import torch

from .config import STAGES, Config, check, read_config

PUBLISHED_NAMES = {"encoder": "appearance_encoder", "controlnet": "densepose_controlnet", "motion": "temporal_attention"}
HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}
DESCRIPTION = "Train MagicAnimate (paper Sec. 3.4) from Stable Diffusion 1.5, from the published weights, or from nothing."
EPILOG = """stages, in this order:
  vae, scratch   only for a model from nothing: a small VAE, then base UNet, encoder and ControlNet together
  1              appearance encoder and ControlNet, the base frozen, no temporal layers (paper Eq. 5)
  2              the temporal attention layers only (Eq. 6)
  decoder        only for a model from nothing: its VAE's decoder once more, on latents as the finished nets make them

examples:
  python -m magicanimate_core train my.yaml --stage 1 --out runs/mine
  python -m magicanimate_core train my.yaml --stage 2 --out runs/mine      (starts with what stage 1 exported)
  accelerate launch --multi_gpu -m magicanimate_core train my.yaml ...     (several GPUs or machines)
  the same command again goes on where it stopped; --set run.steps=20000 changes any option

FOLDER/STAGE holds checkpoints, log.jsonl, TensorBoard's events and validation clips; FOLDER/STAGE/export holds the result in
the published layouts, for the loader nodes and for `animate --magicanimate FOLDER/2/export/magicanimate`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, help="magicanimate_core/training/config.yaml explains every option")
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--start", type=Path, metavar="EXPORT", help="an export to start with (default: the stage before's)")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="change an option of the config")


def main(options) -> None:
    if not options.config.is_file():
        raise FileNotFoundError(f"config {options.config} does not exist.")
    config = read_config(options.config, options.stage, options.set)
    check(config)
    previous = options.start or earlier_export(options.out, options.stage)
    folder = options.out / options.stage
    folder.mkdir(parents=True, exist_ok=True)
    if options.stage == "vae":
        written = train_vae(config, folder, options.start)
    elif options.stage == "decoder":
        written = train_decoder(config, folder, previous)
    else:
        written = train_stage(config, options.stage, folder, previous)
    print("\n".join(f"wrote {path}" for path in written))


def earlier_export(out: Path, stage: str) -> Path | None:
    """The export of the nearest stage before this one that has run in the same folder."""
    before = STAGES[: STAGES.index(stage)]
    found = [out / name / "export" for name in reversed(before) if (out / name / "export").is_dir()]
    return found[0] if found else None


def train_stage(config: Config, stage: str, folder: Path, previous: Path | None) -> list[Path]:
    """Trains a stage and exports it, with the whole base model where that is our own."""
    from accelerate import PartialState

    from .batches import Batches
    from .loop import train
    from .task import AnimationTask

    opened = sources(config)
    vae, module = nets(config, stage, previous)
    with PartialState().main_process_first():  # the others find its cache
        clips, images = (cached(config, source, name, vae) for source, name in zip(opened, ("clips", "images"), strict=True))
    batches = Batches(stage, clips, images, config.drawing, config.joint, config.seed)
    train(AnimationTask(module, vae, batches, samples(config, module, vae)), config.run, folder)
    tell_skipped(batches)
    return exported(module, vae, config, stage, folder / "export", previous) if PartialState().is_main_process else []


def train_decoder(config: Config, folder: Path, previous: Path | None) -> list[Path]:
    """Trains the VAE's decoder on what the nets of `previous` make, and exports all of them with it."""
    from accelerate import PartialState

    from .batches import Batches
    from .decoder import DecoderLoss, DecoderTask
    from .export import export_vae
    from .loop import train

    if previous is None or not any((previous / "magicanimate").glob("temporal_attention/*")):
        raise ValueError("Stage decoder follows the temporal layers: run stage 2 first, or give its export with --start.")
    vae, module = nets(config, "decoder", previous)
    batches = Batches("decoder", *sources(config), config.drawing, config.joint, config.seed)
    loss = DecoderLoss(vae, module, config.loss.person, config.vae.edges)
    train(DecoderTask(loss, batches, samples(config, module, vae)), config.run, folder)
    tell_skipped(batches)
    if not PartialState().is_main_process:
        return []
    shutil.copytree(previous, folder / "export", dirs_exist_ok=True)
    return export_vae(vae, folder / "export")


def nets(config: Config, stage: str, previous: Path | None):
    """(VAE, the module that the stage trains) of the config or of an earlier stage, on this process's device."""
    from accelerate import PartialState

    from .parts import animation, base_model

    base = base_model(config.model, previous)
    vae = (
        base.vae.eval().requires_grad_(False).to(PartialState().device)
    )  # one among all that accelerate or torchrun started
    module = animation(config, stage, base, previous)
    if config.run.mixed_precision != "no":
        module.halve_frozen(HALVES[config.run.mixed_precision])
    return vae, module


def samples(config: Config, module, vae):
    """What draws validation clips, where the config names some."""
    from .samples import Samples

    if not config.validation.clips:
        return None
    return Samples(module, vae, fitted(config, config.validation.clips), config.validation, config.seed)


def sources(config: Config) -> list:
    """data.clips and data.images, the latter None where there are none."""
    return [fitted(config, name) if name else None for name in (config.data.clips, config.data.images)]


def tell_skipped(batches) -> None:
    for reason, count in batches.skipped.most_common():
        print(f"skipped {count} times: {reason}")


def exported(module, vae, config: Config, stage: str, folder: Path, previous: Path | None) -> list[Path]:
    """Writes the result; with it, for a model from nothing, its base model."""
    from .export import export, export_base, export_vae
    from .parts import starting_files
    from .system import stage_parts

    trained = {PUBLISHED_NAMES.get(part) for part in stage_parts(stage)}
    files = starting_files(config.model, previous)
    written = export(module, folder, {name: path for name, path in files.items() if name not in trained})
    if stage == "scratch":
        written += [*export_base(module, folder), *export_vae(vae, folder)]
    elif not config.model.base:
        shutil.copytree(previous / "base", folder / "base", dirs_exist_ok=True)
    return written


def train_vae(config: Config, folder: Path, start: Path | None) -> list[Path]:
    """Trains a VAE, new or that of `start`, on single frames, then gives its latents unit variance, and exports it."""
    from ..standalone.base import load_vae
    from .data import Sample
    from .export import export_vae
    from .loop import train
    from .vae import VaeTask, encode, new_vae, normalise

    torch.manual_seed(config.seed)
    vae = load_vae(start / "base", {}) if start else new_vae(config.vae)
    source = fitted(config, config.data.clips)

    def pictures(rng: np.random.Generator, count: int) -> Sample:
        items = rng.integers(0, len(source), -(-count // 2)).tolist()
        read = [source.read(i, rng.integers(0, source.length(i), 2).tolist()) for i in items]  # opening an item takes time
        return Sample(*(np.concatenate(column) for column in zip(*read, strict=True)))

    train(VaeTask(vae, config.vae, pictures, config.seed), config.run, folder)
    pixels = torch.from_numpy(pictures(np.random.default_rng(config.seed), 256).images).movedim(-1, 1).float() / 127.5 - 1
    normalise(vae, encode(vae.cpu().eval(), pixels) / vae.config.scaling_factor)
    return export_vae(vae, folder / "export")


def cached(config: Config, source, option: str, vae):
    """The source of data.clips or data.images, as latents where data.cache names a folder for them."""
    from .cache import LatentCache
    from .task import encode_frames

    if source is None or not config.data.cache:
        return source
    place = Path(config.data.cache) / f"{cache_name(getattr(config.data, option), config, vae)}.safetensors"

    def encode(images: np.ndarray) -> torch.Tensor:
        precision = HALVES.get(config.run.mixed_precision)
        with torch.autocast(vae.device.type, precision, enabled=precision is not None):
            return encode_frames(vae, torch.from_numpy(images))

    return LatentCache(source, place, encode, config.run.loader_processes)


def cache_name(name: str, config: Config, vae) -> str:
    """Tells sources, sizes and VAEs apart: another VAE's latents would be silently wrong."""
    readable = "".join(c if c.isalnum() else "-" for c in name)[-60:]
    weights = hashlib.sha256()
    for tensor in vae.state_dict().values():
        weights.update(tensor.float().cpu().numpy().tobytes())
    return f"{readable}-{config.data.width}x{config.data.height}-{weights.hexdigest()[:8]}"


def fitted(config: Config, name: str):
    """A source at the size that is trained."""
    from .data import FittedSource, open_source

    data = config.data
    return FittedSource(open_source(name, height=data.height, width=data.width), data.height, data.width, data.fit)
