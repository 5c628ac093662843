"""What a job's method needs besides the photo and the clip, and what it is animated by."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from ..method.baselines import ADAPTER, BY_THE_ENCODER, METHODS, TOKENS, VIT_L, WARP
from ..options import Animator
from ..pipeline.image_prompt import IMAGE_ENCODER
from ..pipeline.models import ImageFiles
from ..weights.ip_adapter import IP_ADAPTER
from .job import JOB_FILES, Job

POSE = "the DensePose of the photo (the command `pose` makes it: pose photo.png photo_pose.png)"
WANTED = {"ip_adapter": IP_ADAPTER, "reference_pose": POSE}


def needed(method: str) -> tuple[str, ...]:
    """Returns which files a method needs, by their names in a job."""
    by_photo = {BY_THE_ENCODER: (), ADAPTER: ("ip_adapter", "image_encoder"), TOKENS: ("image_encoder",)}
    return ("reference_pose",) if method == WARP else by_photo.get(METHODS[method].photo, ())


def check_methods(jobs: Sequence[Job], base: Path | None, latents: bool) -> None:
    """Raises ValueError or FileNotFoundError where a job lacks what its method needs, or is given what it has no use for.

    base: the base model. latents: whether final latents are to be kept.
    """
    for job in jobs:
        _check_files(job)
        method = job.animator.method
        if job.method.paints and base is None:
            raise ValueError(f"method {method} needs --base, a Stable Diffusion 1.5 checkpoint or diffusers folder.")
        if latents and not job.method.paints:
            raise ValueError(f"method {method} has no latents to keep: leave out --latents.")
        if (job.prompt or job.negative) and not job.method.paints:
            raise ValueError(f"method {method} takes no words: leave prompt and negative empty.")
    _check_use(jobs)


def _check_files(job: Job) -> None:
    """Raises ValueError or FileNotFoundError where a file that the method needs is not given, or not there."""
    method = job.animator.method
    for name in needed(method):
        option, path = f"--{name.replace('_', '-')}", getattr(job, name)
        encoder = IMAGE_ENCODER if job.method.photo == ADAPTER else f"a folder of {VIT_L}"
        wanted = WANTED.get(name, encoder)
        if path is None:
            raise ValueError(f"method {method} needs {option}: {wanted}.")
        if not (path.is_dir() if name == "image_encoder" else path.is_file()):
            raise FileNotFoundError(f"{option} {path} does not exist; expected {wanted}.")


def _check_use(jobs: Sequence[Job]) -> None:
    """Raises ValueError where a file or a scale is given that no job looks at."""
    for name in JOB_FILES:
        given = [job for job in jobs if getattr(job, name) is not None]
        if given and not any(name in needed(job.animator.method) for job in given):
            users = [method for method in METHODS if name in needed(method)]
            raise ValueError(
                f"--{name.replace('_', '-')} is given, which method {given[0].animator.method} does not use: "
                f"leave it out, or choose --method {' or '.join(users)}."
            )
    scaled = [job for job in jobs if job.animator.ip_adapter_scale != Animator().ip_adapter_scale]
    if scaled and not any(job.method.photo == ADAPTER for job in scaled):
        raise ValueError(
            f"ip_adapter_scale is {scaled[0].animator.ip_adapter_scale:g}, but method {scaled[0].animator.method} has no "
            "IP-Adapter: leave it out."
        )


def image_files(job: Job) -> ImageFiles:
    """Returns what the job's method sees the photo with."""
    used = {name: getattr(job, name) for name in needed(job.animator.method) if name != "reference_pose"}
    return ImageFiles(**used, scale=job.animator.ip_adapter_scale)


def by_models(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Gives the jobs in their order, those that follow each other and are animated by the same models together."""

    def models(job: Job) -> tuple:
        return (job.animator.method, image_files(job)) if job.method.paints else ()

    for _, same in groupby(jobs, models):
        yield list(same)
