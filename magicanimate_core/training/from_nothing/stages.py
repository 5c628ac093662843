"""The stages that only a model from nothing needs: its VAE, and the VAE's decoder once more."""

import shutil
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState

from ...data import Sample
from ...pipeline.base import load_autoencoder
from ...pipeline.latents import encode, from_pixels
from ..batches import Batches
from ..building import build_nets
from ..config import Config
from ..export import export_vae
from ..run.loop import train
from ..sources import build_validation, open_fitted, open_sources
from ..stage import Stage
from .decoder import DecoderLoss, DecoderTask
from .vae import VaeTask, build_vae, normalise


def train_vae(stage: Stage, config: Config, folder: Path, previous: Path | None) -> list[Path]:
    """Trains a VAE, new or that of `previous`, on single frames, gives its latents unit variance, and exports it.

    Returns the files. Raises ValueError for crops that are larger than the frames.
    """
    if config.vae.crop > min(config.data.height, config.data.width):
        raise ValueError(f"vae.crop is {config.vae.crop}; expected at most data.height and data.width.")
    torch.manual_seed(config.seed)
    vae = load_autoencoder(previous / "base") if previous else build_vae(config.vae)
    source = open_fitted(config, config.data.clips)

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


def train_decoder(stage: Stage, config: Config, folder: Path, previous: Path | None) -> list[Path]:
    """Trains the VAE's decoder on what the nets of `previous` make, and exports all of them with it; returns the files.

    Raises ValueError where `previous` has no temporal layers.
    """
    if previous is None or not any((previous / "magicanimate").glob("temporal_attention/*")):
        raise ValueError("Stage decoder follows the temporal layers: run stage 2 first, or give its export with --start.")
    # before the nets, so that wrong paths are known at once
    clips, images = open_sources(config)
    batches = Batches(clips, images, config.drawing, config.joint, temporal=stage.temporal, seed=config.seed)
    vae, nets = build_nets(stage, config, previous)
    loss = DecoderLoss(vae, nets, person=config.loss.person, edges=config.vae.edges)
    train(DecoderTask(loss, vae, batches, build_validation(config, nets, vae)), config.run, folder)
    batches.report_skipped()
    if not PartialState().is_main_process:
        return []
    shutil.copytree(previous, folder / "export", dirs_exist_ok=True)
    return export_vae(vae, folder / "export")
