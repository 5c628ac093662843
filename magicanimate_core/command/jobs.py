"""One job: a photo and a pose video to a video on disk, interrupted and resumed at will."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..media.clip import PoseClip
from ..media.images import fit_photo
from ..media.pictures import read_photo
from ..media.writing import LOSSLESS, RESULT, video_writer
from ..options import Settings
from ..pipeline.animate import clip_conditions
from ..pipeline.conditions import Conditions
from ..pipeline.denoise import Workers, can_begin_at, denoise, initial_noise, last
from ..pipeline.latents import decode_frames, encode_photo, to_pixels
from ..pipeline.models import Models
from ..pipeline.nets import Nets
from .ahead import ahead
from .checks import check_models, failure, is_made
from .contents import Contents
from .job import Job, Saving, job_fingerprint
from .pixels import moved_pixels
from .poses import open_poses
from .state import JobState, write_tensors
from .trouble import told

Progress = Callable[[int], None]  # is told the steps that are done


def run_jobs(
    models: Models | None, jobs: Sequence[Job], *, model_files: Sequence[Path], workers: Workers, saving: Saving
) -> None:
    """Animates jobs of the same models one after another, with a bar of steps for each. Arguments as run_job's.

    A job that cannot be done does not end the others. Raises ValueError before the first one where the models do not take
    what a job asks for, and in the end, with all that failed.
    """
    if models is not None:
        check_models(models, jobs)
    failed: list[str] = []
    given = {"model_files": model_files, "contents": Contents(), "workers": workers, "saving": saving}
    for job in jobs:
        with tqdm(total=job.settings.steps, desc=job.out.name, unit="step", disable=workers.rank > 0) as bar:

            def progress(done: int, bar: tqdm = bar) -> None:
                bar.update(done - bar.n)

            try:
                with told():
                    if not run_job(models, job, progress=progress, **given):
                        bar.write(f"{job.out} is finished already.")
            except (ValueError, OSError) as error:
                if len(jobs) == 1 or workers.count > 1:  # another process may be in the middle of this job
                    raise
                failed.append(f"{job.out.name}: {error}")
                bar.write(f"failed: {failed[-1]}")
    if failed:
        raise failure(failed, jobs)


def run_job(
    models: Models | None, job: Job, *, model_files: Sequence[Path], workers: Workers, saving: Saving, progress: Progress,
    contents: Mapping[Path, bytes] | None = None,
) -> bool:  # fmt: skip
    """Animates a job and writes job.out; returns False where it is to be resumed and finished already.

    Every process of `workers` gets the same arguments. models: None for methods without a net. model_files: where they are
    from. contents: digests of large files that several jobs use.
    Raises FileNotFoundError or ValueError for inputs and settings that cannot be used.
    """
    if _is_finished(job, workers, saving):
        return False
    job.check()
    clip = open_poses(job, keep=3 * job.settings.context_length)
    clip.resize(job.settings.width, job.settings.height, job.settings.fit)
    photo = fit_photo(read_photo(job.reference), clip.width, clip.height, job.settings.fit).movedim(-1, 1)  # (1, 3, H, W)
    if job.method.paints:
        given = {"model_files": model_files, "contents": contents, "workers": workers, "saving": saving}
        _paint(models, job, clip, photo, progress=progress, **given)
    elif workers.rank == 0:
        write_frames(job, clip, photo, moved_pixels(job, clip, photo))
    progress(job.settings.steps)
    workers.reduce(torch.zeros(1))  # nobody begins the next job before this one is on disk
    return True


def _paint(
    models: Models, job: Job, clip: PoseClip, photo: Tensor, *, model_files: Sequence[Path], workers: Workers,
    saving: Saving, progress: Progress, contents: Mapping[Path, bytes] | None,
) -> None:  # fmt: skip
    """Writes what the nets make of a photo (1, 3, H, W) in [0, 1]. Arguments as run_job's."""
    nets = models.nets
    job.settings.check_window(nets.max_length)
    noted = workers.rank == 0 and (saving.every or saving.resume)  # else nobody asks what the models' files hold
    state = JobState(job.out, job_fingerprint(job, nets.dtype, model_files, contents, nets.prediction) if noted else "")
    reference = None if nets.encoder is None else encode_photo(models.vae, photo)
    conditions = clip_conditions(models, reference, clip, prompt=job.prompt, negative=job.negative, photo=photo)
    keep = {"state": state, "workers": workers, "saving": saving, "progress": progress}
    # frames that see nothing of each other gain nothing from being denoised twice
    settings = job.settings if job.method.temporal else replace(job.settings, context_overlap=0)
    latents = _denoise(nets, conditions, settings, **keep)[: len(clip)]
    if workers.rank == 0:
        if saving.latents:
            write_tensors(job.out.with_suffix(".latents.safetensors"), {"latents": latents})
        frames = ahead(decode_frames(models.vae, latent[None])[0] for latent in latents)
        write_frames(job, clip, photo, frames)
        state.remove()


def _is_finished(job: Job, workers: Workers, saving: Saving) -> bool:
    """Whether there is nothing left to do. The first process's disk decides: the others may be other machines."""
    finished = torch.tensor([int(workers.rank == 0 and saving.resume and is_made(job.out))])
    workers.reduce(finished)
    return bool(finished)


def _denoise(
    nets: Nets,
    conditions: Conditions,
    settings: Settings,
    *,
    state: JobState,
    workers: Workers,
    saving: Saving,
    progress: Progress,
) -> Tensor:
    """Final latents of the padded clip, (F, 4, h, w); the first process saves those of the steps before."""
    height, width = conditions.poses([0]).shape[2:]
    noise = initial_noise(settings, len(conditions.poses), height // 8, width // 8)
    begin, latents = _start(noise, state, settings.steps, workers, saving)
    if workers.rank == 0 and not begin and state.out.exists():
        state.save(latents, 0)  # an earlier video in this one's place is not taken for it, if this job is interrupted
    progress(begin)

    def steps() -> Iterator[Tensor]:  # (F, 4, h, w) each
        made = denoise(nets, conditions, latents, settings, workers=workers, first_step=begin)
        saved = begin
        for done, after in enumerate(made, begin + 1):
            due = saving.every and (done - saved >= saving.every or done == settings.steps) and can_begin_at(settings, done)
            if workers.rank == 0 and due:
                state.save(after, done)
            saved = done if due else saved
            progress(done)
            yield after

    return last(steps(), latents)


def _start(noise: Tensor, state: JobState, steps: int, workers: Workers, saving: Saving) -> tuple[int, Tensor]:
    """(steps done, latents (F, 4, h, w)): from the first process's saved state, or the noise. steps: of the whole job."""
    saved = state.load(steps, noise) if saving.resume and workers.rank == 0 else None
    step = torch.tensor([saved[0] if saved else 0])
    workers.reduce(step)  # the others add nothing: they need not see the first process's disk
    if not step:
        return 0, noise
    latents = saved[1] if saved else torch.zeros_like(noise)
    workers.reduce(latents)
    return int(step), latents


def write_frames(job: Job, clip: PoseClip, photo: Tensor, frames: Iterable[np.ndarray]) -> None:
    """Writes a job's frames, (H, W, 3) uint8 each, one after the other. photo: (1, 3, H, W) in [0, 1]."""
    panels = 3 if job.side_by_side else 1
    how = LOSSLESS if job.lossless else RESULT
    with video_writer(job.out, clip.fps, clip.width * panels, clip.height, how, clip.sound) as write:
        for i, frame in enumerate(frames):
            write(np.hstack([to_pixels(photo)[0], to_pixels(clip([i]))[0], frame]) if job.side_by_side else frame)
