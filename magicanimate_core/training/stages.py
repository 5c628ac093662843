"""The stages of `train`, from a config to exported weights."""

import shutil
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState

from ..data import Sample
from ..pipeline.base import load_autoencoder
from ..pipeline.latents import encode, from_pixels
from .animation import stage_parts
from .batches import Batches
from .building import animation, base_model, starting_files
from .config import Config
from .export import export, export_base, export_vae
from .from_nothing.decoder import DecoderLoss, DecoderTask
from .from_nothing.vae import VaeTask, new_vae, normalise
from .run.loop import train
from .sources import HALVES, cached, fitted, sources
from .task import AnimationTask
from .validation import Samples

PUBLISHED_NAMES = {"encoder": "appearance_encoder", "controlnet": "densepose_controlnet", "motion": "temporal_attention"}


def train_vae(config: Config, folder: Path, start: Path | None) -> list[Path]:
    """Trains a VAE, new or that of `start`, on single frames, then gives its latents unit variance, and exports it."""
    torch.manual_seed(config.seed)
    vae = load_autoencoder(start / "base") if start else new_vae(config.vae)
    source = fitted(config, config.data.clips)

    def pictures(rng: np.random.Generator, count: int) -> Sample:
        items = rng.integers(0, len(source), -(-count // 2)).tolist()
        read = [source.read(i, rng.integers(0, source.length(i), 2).tolist()) for i in items]  # opening an item takes time
        return Sample(*(np.concatenate(column) for column in zip(*read, strict=True)))

    train(VaeTask(vae, config.vae, pictures, config.seed), config.run, folder)
    if not PartialState().is_main_process:
        return []
    images = from_pixels(torch.from_numpy(pictures(np.random.default_rng(config.seed), 256).images))
    normalise(vae, encode(vae.cpu().eval(), images) / vae.config.scaling_factor)
    return export_vae(vae, folder / "export")


def train_nets(config: Config, stage: str, folder: Path, previous: Path | None) -> list[Path]:
    """Trains the nets of a stage and exports them, with the whole base model where that is our own."""
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
    if previous is None or not any((previous / "magicanimate").glob("temporal_attention/*")):
        raise ValueError("Stage decoder follows the temporal layers: run stage 2 first, or give its export with --start.")
    batches = Batches("decoder", *sources(config), config.drawing, config.joint, config.seed)  # wrong paths are told at once
    vae, module = nets(config, "decoder", previous)
    loss = DecoderLoss(vae, module, config.loss.person, config.vae.edges)
    train(DecoderTask(loss, batches, samples(config, module, vae)), config.run, folder)
    tell_skipped(batches)
    if not PartialState().is_main_process:
        return []
    shutil.copytree(previous, folder / "export", dirs_exist_ok=True)
    return export_vae(vae, folder / "export")


def nets(config: Config, stage: str, previous: Path | None):
    """(VAE, the module that the stage trains) of the config or of an earlier stage, on this process's device."""
    base = base_model(config.model, previous)
    vae = base.vae.eval().requires_grad_(False).to(PartialState().device)  # that of this process, where there are several
    module = animation(config, stage, base, previous)
    if config.run.mixed_precision != "no":
        module.halve_frozen(HALVES[config.run.mixed_precision])
    return vae, module


def samples(config: Config, module, vae):
    """What draws validation clips, where the config names some."""
    if not config.validation.clips:
        return None
    return Samples(module, vae, fitted(config, config.validation.clips), config.validation, config.seed)


def tell_skipped(batches) -> None:
    for reason, count in batches.skipped.most_common():
        print(f"skipped {count} times: {reason}")


def exported(module, vae, config: Config, stage: str, folder: Path, previous: Path | None) -> list[Path]:
    """Writes the result; with it, for a model from nothing, its base model."""
    trained = {PUBLISHED_NAMES.get(part) for part in stage_parts(stage)}
    files = starting_files(config.model, previous)
    written = export(module, folder, {name: path for name, path in files.items() if name not in trained})
    if stage == "scratch":
        written += [*export_base(module, folder), *export_vae(vae, folder)]
    elif not config.model.base:
        shutil.copytree(previous / "base", folder / "base", dirs_exist_ok=True)
    return written
