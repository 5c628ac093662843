"""What an animation on the command line is asked to do, checked before any work."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from ..disk import beside
from ..method.baselines import METHODS, Method
from ..options import Animator, Settings
from .state import JobState, fingerprint

# in every fingerprint; later ones only where they are not at their defaults, so that states of earlier versions go on
FIRST_OPTIONS = (
    "seed", "steps", "cfg", "sampler_name", "scheduler", "pose_strength", "shared_noise", "context_length",
    "context_overlap", "context_schedule", "fuse_method", "width", "height", "fit",
)  # fmt: skip
JOB_FILES = ("ip_adapter", "image_encoder", "reference_pose")  # that some methods need, by their names in a job


@dataclass(frozen=True)
class Job:
    """What is asked for."""

    reference: Path
    pose: Path
    out: Path
    prompt: str = ""
    negative: str = ""
    settings: Settings = field(default_factory=Settings)
    side_by_side: bool = False
    lossless: bool = False  # the video holds the very pixels, and not every player shows it
    animator: Animator = field(default_factory=Animator)
    ip_adapter: Path | None = None
    image_encoder: Path | None = None
    reference_pose: Path | None = None  # DensePose of the photo

    @property
    def method(self) -> Method:
        """What animates."""
        return METHODS[self.animator.method]

    def check(self) -> None:
        """Raises FileNotFoundError where an input is missing, ValueError for a place where no video can be written."""
        for path, what in ((self.reference, "reference image"), (self.pose, "pose video")):
            if os.path.isdir(path):  # which says no, where pathlib raises, for names that no file can have
                raise ValueError(f"{what} {path} is a folder; expected a file.")
            if not os.path.isfile(path):
                raise FileNotFoundError(f"{what} {path} does not exist.")
        if self.out.suffix.lower() not in (".mp4", ".m4v"):
            raise ValueError(f"out is {self.out}; expected the name of an MP4 video, for example {self.out.stem}.mp4.")
        if os.path.isdir(self.out):
            raise ValueError(f"out is {self.out}, which is a folder; expected the name of a video.")
        place = next(path for path in self.out.absolute().parents if os.path.exists(path))  # a new video replaces an old one
        if not (place.is_dir() and os.access(place, os.W_OK)):
            raise ValueError(f"out is {self.out}, but nothing can be written to {place}.")
        _try_to_write(place / beside(JobState(self.out, job="").path).with_suffix(".test").name, self.out)


def _try_to_write(trial: Path, out: Path) -> None:
    """Makes a file for a moment, of the longest name that a job gives one. Raises ValueError where that cannot be."""
    try:
        trial.touch()
        trial.unlink(missing_ok=True)  # several processes try at once
    except (OSError, ValueError) as error:  # ValueError: a name with a zero in it
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"out is {out}, but {trial.parent} takes no file of that name ({reason}).") from error


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What is saved beside the video, and whether that of an earlier run is used."""

    resume: bool = False  # skip a finished video, go on with an interrupted one
    every: int = 1  # steps between saved states; 0: never
    latents: bool = False  # keep the final ones

    def __post_init__(self) -> None:
        """Raises ValueError for a number of steps below 0."""
        if self.every < 0:
            raise ValueError(f"save_every is {self.every}; expected 0 (never) or more steps.")


def check_jobs(jobs: Sequence[Job]) -> None:
    """Raises ValueError or FileNotFoundError, before any work, where a job cannot be or would overwrite another's files."""
    for job in jobs:
        job.check()
    outputs: set[Path] = set()
    given = [path for job in jobs for path in (job.reference, job.pose, job.reference_pose) if path is not None]
    inputs = {path.resolve() for path in given}
    for job in jobs:
        out = job.out.resolve()
        if out in inputs:
            raise ValueError(f"out {job.out} is also an input; give another name.")
        if out.with_suffix("") in outputs:  # latents beside the video are called as it is but for the ending
            raise ValueError(f"two jobs write {job.out}; give each a name of its own.")
        outputs.add(out.with_suffix(""))
    files = {job.out.resolve() for job in jobs} | inputs
    for job in jobs:
        if inside := files & set(job.out.resolve().parents):
            raise ValueError(f"out is {job.out}, but {inside.pop()} is a file of another job and cannot be a folder.")


def job_fingerprint(
    job: Job, dtype: torch.dtype, model_files: Sequence[Path], contents: Mapping[Path, bytes] | None = None,
    prediction: str = "epsilon",
) -> str:  # fmt: skip
    """Returns one line for everything that decides the job's latents.

    contents: digests of large files, by path. prediction: what the UNet predicts, which an option may say.
    """
    words = {"prompt": job.prompt, "negative": job.negative, "dtype": str(dtype)}
    if job.animator != Animator():  # as all were at first
        words |= asdict(job.animator)
    if prediction != "epsilon":  # as all did at first: their fingerprints stay
        words["prediction"] = prediction
    settings = asdict(job.settings)
    del settings["pose_colours"]  # refuses or not; the latents are the same
    for name, default in asdict(Settings()).items():
        if name not in FIRST_OPTIONS and settings.get(name) == default:  # as all had at first
            del settings[name]
    return fingerprint(settings | words, [job.reference, job.pose, *model_files], contents)
