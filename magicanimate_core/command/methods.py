"""What a job's method needs besides the photo and the clip, and what it is animated by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any

from ..method.baselines import ADAPTER, BY_THE_ENCODER, METHODS, TOKENS, VIT_L, WARP
from ..options import Animator, Settings, Size
from ..pipeline.image_prompt import IMAGE_ENCODER
from ..pipeline.models import ImageFiles
from ..presets import PRESETS
from ..weights.ip_adapter import IP_ADAPTER
from .job import JOB_FILES, Job

POSE = "the DensePose of the photo (the command `pose` makes it: pose photo.png photo_pose.png)"
PIXEL_OPTIONS = frozenset({"pose_colours", *(option.name for option in fields(Size))})  # that a method without a net uses
WANTED = {"ip_adapter": IP_ADAPTER, "reference_pose": POSE}


def needed(method: str) -> tuple[str, ...]:
    """Returns which files a method needs, by their names in a job."""
    by_photo = {BY_THE_ENCODER: (), ADAPTER: ("ip_adapter", "image_encoder"), TOKENS: ("image_encoder",)}
    return ("reference_pose",) if method == WARP else by_photo.get(METHODS[method].photo, ())


def unused(method: str) -> frozenset[str]:
    """Returns the options of an animation that change nothing in a method's frames.

    Windows of frames that do not see each other give what frames alone do; how long they are still says which noise is
    shared, and how they overlap how much work there is. (Windows that move are left to the presets, which set both.)
    """
    if not METHODS[method].paints:
        return frozenset(option.name for option in fields(Settings)) - PIXEL_OPTIONS
    return frozenset() if METHODS[method].temporal else frozenset({"temporal_attention", "fuse_method", "context_schedule"})


def check_use(method: str, options: Mapping[str, Any], where: str = "") -> None:
    """Raises ValueError for the first of these options that the method does not look at. where: they were given."""
    for name, value in options.items():
        if name in unused(method):
            said = any(values.get(name) == value for values in PRESETS.values())
            raise ValueError(
                f"{where}{name} is {value}, but method {method} does not look at it: leave it out"
                f"{', or the preset that says so' if said else ''}."
            )


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


def check_settings(jobs: Sequence[Job]) -> None:
    """Raises ValueError where an option differs from its default that no job's method with this value looks at."""
    for option in fields(Settings):
        given: dict[Any, list[str]] = {}  # value -> methods
        for job in jobs:
            given.setdefault(getattr(job.settings, option.name), []).append(job.animator.method)
        given.pop(option.default, None)
        for value, methods in given.items():
            if all(option.name in unused(method) for method in methods):
                check_use(methods[0], {option.name: value})


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
