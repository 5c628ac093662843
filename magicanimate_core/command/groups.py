"""Jobs of several methods in one run: one set of models at a time."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from ..pipeline.denoise import Workers
from ..pipeline.models import Models, find_published
from ..weights.made_for import MadeFor, hardly_meant, read_made_for
from .job import Job, Saving
from .jobs import run_jobs
from .methods import by_models, image_files
from .trouble import told


class JobGroup(NamedTuple):
    """Jobs, and all files of their models."""

    jobs: list[Job]
    files: list[Path]


def group_files(jobs: Sequence[Job], options: argparse.Namespace) -> list[JobGroup]:
    """Returns the jobs by models. options: base, vae and magicanimate. Raises FileNotFoundError for a missing file."""
    return [JobGroup(same, _model_files(same[0], options)) for same in by_models(jobs)]


def _model_files(job: Job, options: argparse.Namespace) -> list[Path]:
    if not job.method.paints:
        return []
    images = image_files(job)
    files = [options.base, options.vae]
    files += [find_published(options.magicanimate, name) for name in job.method.parts]
    return [path for path in (*files, images.ip_adapter, images.image_encoder) if path is not None]


def run_groups(
    groups: Sequence[JobGroup], options: argparse.Namespace, place: tuple[torch.device, torch.dtype], *, workers: Workers,
    saving: Saving,
) -> None:  # fmt: skip
    """Animates all jobs. place: where, and in which precision. Raises ValueError in the end, with all that failed."""
    failed: list[str] = []
    for group in groups:
        if workers.rank == 0:
            _advise(group)
        try:
            models = _load(group.jobs[0], options, place)
            run_jobs(models, group.jobs, model_files=group.files, workers=workers, saving=saving)
        except (ValueError, OSError) as error:
            if len(groups) == 1 or workers.count > 1:
                raise
            failed.append(f"{group.jobs[0].out.name}: {error}" if len(group.jobs) == 1 else str(error))
    if failed:
        raise ValueError(" ".join(failed))


def _advise(group: JobGroup) -> None:
    """Says, once for all jobs alike, where weights are asked for what they were not made for."""
    made_for = read_made_for(group.files)
    asked = {MadeFor(job.settings.steps, job.settings.scheduler, job.settings.cfg) for job in group.jobs}
    for other in sorted(asked - {made_for}) if made_for else ():
        print(hardly_meant(made_for, str(other)), file=sys.stderr, flush=True)


def _load(job: Job, options: argparse.Namespace, place: tuple[torch.device, torch.dtype]) -> Models | None:
    """The models of a job; None for a method without a net. Raises ValueError and FileNotFoundError."""
    if not job.method.paints:
        return None
    from ..pipeline.models import load_models

    kind = {"method": job.method, "image": image_files(job)}
    with told():
        return load_models(options.base, options.magicanimate, options.vae, options.prediction_type, **kind).to(*place)
