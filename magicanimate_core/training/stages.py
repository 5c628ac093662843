"""The stages of `train`, a row each, and how the paper's are trained: from a config to exported weights."""

import shutil
from functools import partial
from pathlib import Path

from torch import nn

from .animation import Animation
from .batches import Batches
from .building import build_nets, starting_files
from .config import Config
from .config_files import flat_settings
from .distil.objective import build_distillation
from .distil.starting import as_student, check_distil
from .export import PUBLISHED_PARTS, export_base, export_published, export_vae, whole_export
from .from_nothing.stages import train_decoder, train_vae
from .run.loop import train
from .run.processes import processes
from .skipping import report_skipped
from .sources import build_validation, encode_source, open_sources
from .stage import Stage
from .task import AnimationTask


def train_nets(stage: Stage, config: Config, folder: Path, previous: Path | None) -> list[Path]:
    """Trains the nets of a stage and exports them, with the whole base model where that is our own; returns the files.

    Raises ValueError or OSError for what the config names and cannot be used.
    """
    opened = open_sources(config)
    if not config.joint.needs_images(stage.temporal):
        opened[1] = None  # opened, so that a wrong path is known in every stage, but not encoded
    vae, nets = build_nets(stage, config, previous)
    objective = stage.objective(nets, config)
    with processes().main_process_first():  # the others find its cache
        clips, images = (
            encode_source(config, source, name, vae)
            for source, name in zip(opened, (config.data.clips, config.data.images), strict=True)
        )
    batches = Batches(clips, images, config.drawing, config.joint, temporal=stage.temporal, seed=config.seed)
    task = AnimationTask(objective, vae, batches, build_validation(config, nets, vae, stage.made_for(config)))
    train(task, config.run, folder, settings=flat_settings(config))
    report_skipped(batches.skipped)
    return whole_export(folder, partial(export_stage, stage, config, previous, nets, vae))


def train_student(stage: Stage, config: Config, folder: Path, previous: Path | None) -> list[Path]:
    """Trains a student of finished nets and exports it; returns the files. Raises ValueError for none."""
    check_distil(config, previous)
    return train_nets(stage, config, folder, previous)


def export_stage(
    stage: Stage, config: Config, previous: Path | None, nets: Animation, vae: nn.Module, folder: Path
) -> list[Path]:
    """Writes what the stage has trained; with it, for a model from nothing, its base model. Returns the files."""
    trained = {PUBLISHED_PARTS.get(part) for part in stage.trains}
    files = starting_files(config.model, previous)
    untouched = {name: path for name, path in files.items() if name not in trained}
    written = export_published(nets, folder, untouched, stage.made_for(config))
    if stage.fresh:
        written += [*export_base(nets, folder), *export_vae(vae, folder)]
    elif not config.model.base:
        shutil.copytree(previous / "base", folder / "base", dirs_exist_ok=True)
    return written


STAGE_ROWS = (
    Stage(name="vae", about="a small VAE; only for a model from nothing", train=train_vae),
    Stage(
        name="scratch",
        about="base UNet, encoder and ControlNet together; only for a model from nothing",
        trains=("unet", "encoder", "controlnet"),
        fresh=True,
        train=train_nets,
    ),
    Stage(
        name="1",
        about="appearance encoder and ControlNet, the base frozen, no temporal layers (paper Eq. 5)",
        trains=("encoder", "controlnet"),
        train=train_nets,
    ),
    Stage(name="2", about="the temporal attention layers only (Eq. 6)", trains=("motion",), temporal=True, train=train_nets),
    Stage(
        name="decoder",
        about="the VAE's decoder once more, on latents as the finished nets make them; only for a model from nothing",
        temporal=True,
        train=train_decoder,
    ),
    Stage(
        name="distil",
        about="few steps without guidance, taught by the finished nets; the base stays frozen",
        trains=("encoder", "controlnet", "motion"),
        temporal=True,
        objective=build_distillation,
        made_for=as_student,
        train=train_student,
    ),
)
STAGES = {stage.name: stage for stage in STAGE_ROWS}  # in this order
