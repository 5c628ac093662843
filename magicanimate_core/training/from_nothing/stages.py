"""The stages that only a model from nothing needs: its VAE, and the VAE's decoder once more."""

import shutil
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ...data import Sample
from ...pipeline.base import load_autoencoder
from ...pipeline.latents import encode, from_pixels
from ..batches import Batches
from ..building import build_nets
from ..config import Config
from ..config_files import flat_settings
from ..export import export_vae, whole_export
from ..run.loop import train
from ..skipping import read_any, report_skipped
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
    source, skipped = open_fitted(config, config.data.clips), Counter()

    def pictures(rng: np.random.Generator, count: int) -> Sample:
        items = rng.integers(0, len(source), -(-count // 2)).tolist()

        def two(item: int) -> Sample:  # opening an item takes time
            return source.read(item, rng.integers(0, source.length(item), 2).tolist())

        read = [read_any(rng, source, two, skipped, item) for item in items]
        return Sample(*(np.concatenate(column) for column in zip(*read, strict=True)))

    train(VaeTask(vae, config.vae, pictures, config.seed, skipped), config.run, folder, settings=flat_settings(config))
    report_skipped(skipped)
    images = from_pixels(torch.from_numpy(pictures(np.random.default_rng(config.seed), 256).images))
    normalise(vae, encode(vae.cpu().eval(), images) / vae.config.scaling_factor)
    return whole_export(folder, partial(export_vae, vae))


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
    task = DecoderTask(loss, vae, batches, build_validation(config, nets, vae))
    train(task, config.run, folder, settings=flat_settings(config))
    report_skipped(batches.skipped)

    def export(place: Path) -> list[Path]:
        shutil.copytree(previous, place)
        return export_vae(vae, place)

    return whole_export(folder, export)
