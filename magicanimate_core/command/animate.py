"""`python -m magicanimate_core animate`: the Animate node without a ComfyUI."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..media.blobs import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from ..options import Animator, Settings
from ..presets import Presets, with_preset
from ..weights.prediction import PREDICTIONS
from .arguments import add_options, from_arguments
from .job_file import job_lines, read_object

if TYPE_CHECKING:
    from .job import Job

DESCRIPTION = "Animate a photo along a DensePose video of any length. Frames, fps, size and sound follow the video."
EPILOG = """examples:
  one photo:       python -m magicanimate_core animate --base sd15.safetensors --reference me.png --pose a.mp4 --out me.mp4
  a folder each:   python -m magicanimate_core animate --base sd15.safetensors --reference photos --pose clips --out videos
  a list of jobs:  python -m magicanimate_core animate --base sd15.safetensors --jobs jobs.jsonl
                   (a line each: {"reference": "a.png", "pose": "b.mp4", "out": "c.mp4", "seed": 7})
  several GPUs:    torchrun --nproc-per-node 4 -m magicanimate_core animate ... (several machines as torchrun has it)
  after a crash:   the same command with --resume

model files:
  --base           a Stable Diffusion 1.5 checkpoint (.safetensors, .ckpt) or a diffusers folder
  --magicanimate   the folder of huggingface.co/zcxu-eric/MagicAnimate: appearance_encoder/, densepose_controlnet/,
                   temporal_attention/

other methods (--method; docs/baselines.md):
  ipa_controlnet, ipa_controlnet_video   --ip-adapter FILE --image-encoder FOLDER, of huggingface.co/h94/IP-Adapter
  clip_image                             --image-encoder FOLDER, of huggingface.co/openai/clip-vit-large-patch14
  warp                                   --reference-pose PNG, the DensePose of the photo; no --base
  repeat                                 nothing; no --base
"""
PHOTO_SUFFIXES = (*PICTURE_SUFFIXES, ".jfif", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif", ".dng")
OPTIONS = [option.name for option in fields(Settings)]
ANIMATOR = [option.name for option in fields(Animator)]
PRESET = [option.name for option in fields(Presets)]


def add_arguments(animate: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    what = animate.add_argument_group("what")
    what.add_argument("--reference", type=Path, nargs="+", metavar="PHOTO", help="photos, or a folder of photos")
    what.add_argument("--pose", type=Path, nargs="+", metavar="VIDEO", help="DensePose videos, or a folder of them")
    what.add_argument("--out", type=Path, help="the video; a folder where there are several photos or videos")
    what.add_argument("--jobs", type=Path, metavar="FILE", help="JSON lines, each with reference, pose, out and any option")
    what.add_argument("--prompt", default="", help="empty as published")
    what.add_argument("--negative", default="", help="empty as published")
    what.add_argument("--side-by-side", action="store_true", help="write photo | pose | result")
    files = animate.add_argument_group("model files")
    files.add_argument("--base", type=Path, metavar="PATH", help="Stable Diffusion 1.5")
    files.add_argument(
        "--vae", type=Path, metavar="PATH", help="in place of the base model's own (published: sd-vae-ft-mse)"
    )
    files.add_argument(
        "--prediction-type", choices=PREDICTIONS, default="", help="of a base model that does not say so itself (epsilon)"
    )
    files.add_argument("--magicanimate", type=Path, default=Path("models/magicanimate"), metavar="DIR")
    _add_method(animate.add_argument_group("method"))
    options = animate.add_argument_group("options of the Animate node")
    add_options(options, Presets)
    add_options(options, Settings)
    work = animate.add_argument_group("work")
    work.add_argument("--resume", action="store_true", help="skip finished videos, go on with interrupted ones")
    work.add_argument("--save-every", type=int, default=1, metavar="STEPS", help="steps between saved states; 0: never (1)")
    work.add_argument("--device", help="for example cuda:1; default: the accelerator, else the CPU")
    work.add_argument("--dtype", choices=["fp32", "fp16", "bf16"], help="default: fp16 on an accelerator, fp32 on the CPU")
    work.add_argument(
        "--latents", action="store_true", help="keep the final latents beside the video (.latents.safetensors)"
    )


def _add_method(group: argparse._ArgumentGroup) -> None:
    """Adds what animates, and the files that some methods need."""
    add_options(group, Animator)
    group.add_argument("--ip-adapter", type=Path, metavar="FILE", help="for the methods that see the photo by one")
    group.add_argument("--image-encoder", type=Path, metavar="DIR", help="CLIP's image model, for these and clip_image")
    group.add_argument("--reference-pose", type=Path, metavar="PNG", help="DensePose of the photo, for warp")


def read_jobs(options: argparse.Namespace) -> list["Job"]:
    """Returns the jobs that a command line asks for. Raises ValueError or FileNotFoundError for what cannot be one."""
    from .job import JOB_FILES, Job

    settings, preset = from_arguments(Settings, options), from_arguments(Presets, options)
    common = {"prompt": options.prompt, "negative": options.negative, "side_by_side": options.side_by_side}
    common |= {name: getattr(options, name) for name in JOB_FILES}
    common["animator"] = from_arguments(Animator, options)
    if options.jobs:
        if options.reference or options.pose or options.out:
            raise ValueError("--jobs has the reference, pose and out of every job; leave out --reference, --pose and --out.")
        return _own_poses([_read_line(line, n, settings, common, preset) for n, line in job_lines(options.jobs)], options)
    if not (options.reference and options.pose and options.out):
        raise ValueError("Give --reference, --pose and --out, or --jobs with a file of them.")
    photos, clips = _expand(options.reference, PHOTO_SUFFIXES), _expand(options.pose, VIDEO_SUFFIXES)
    several = len(photos) * len(clips) > 1 or options.out.is_dir() or not options.out.suffix
    if several and options.out.suffix and not options.out.is_dir():
        raise ValueError(f"--out is {options.out}, but there are {len(photos) * len(clips)} videos to write; name a folder.")
    if several and options.out.resolve() in {path.resolve() for path in options.pose}:
        raise ValueError(f"--out {options.out} is the folder of pose videos, which the next run would take results for.")
    jobs, settings = [], with_preset(settings, preset.preset)
    for photo in photos:
        for clip in clips:
            out = options.out / f"{photo.stem}_{clip.stem}.mp4" if several else options.out
            jobs.append(Job(photo, clip, out, settings=settings, **common))
    return _own_poses(jobs, options)


def _own_poses(jobs: list["Job"], options: argparse.Namespace) -> list["Job"]:
    """The jobs. Raises ValueError where the command line's one pose of a photo stands for several photos."""
    given = options.reference_pose
    photos = {job.reference for job in jobs if given is not None and job.reference_pose is given}
    if len(photos) > 1:
        raise ValueError(
            f"--reference-pose shows one photo, but there are {len(photos)}: give each its `reference_pose` in a job file."
        )
    return jobs


def _read_line(line: str, number: int, settings: Settings, common: dict[str, Any], presets: Presets) -> "Job":
    """A line of a job file. Raises ValueError, with the line's number."""
    from .job import JOB_FILES, Job

    where = f"line {number} of the job file"
    try:
        entry = read_object(line)
        paths = {name: Path(entry.pop(name)) for name in ("reference", "pose", "out")}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"{where} is no object with reference, pose and out ({error}).") from error
    changes, others, preset = ({n: entry.pop(n) for n in list(entry) if n in group} for group in (OPTIONS, ANIMATOR, PRESET))
    for name, value in entry.items():
        if name not in common or name == "animator":
            raise ValueError(f"{where} has an unknown option: {name}.")
        kind = str if name in JOB_FILES else type(common[name])
        if type(value) is not kind:
            raise ValueError(f"{where} has {name} {value!r}; expected {kind.__name__}.")
    entry |= {name: Path(entry[name]) for name in JOB_FILES if name in entry}
    try:
        entry["animator"] = replace(common["animator"], **others)
        settings = replace(with_preset(settings, replace(presets, **preset).preset), **changes)
        return Job(**paths, settings=settings, **(common | entry))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _expand(paths: Iterable[Path], endings: tuple[str, ...]) -> list[Path]:
    """Files, and those in folders that end so. Raises ValueError for a folder without any."""
    files: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():  # hidden ones are other systems' notes (._photo.png)
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in endings and not p.name.startswith("."))
        if not inside:
            raise ValueError(f"{path} holds no {', '.join(endings)} files.")
        files += inside
    return files


def main(options: argparse.Namespace) -> None:
    """Animates all jobs, one after another. Raises ValueError or OSError for what cannot be used, before any work."""
    from .checks import check_inputs
    from .groups import group_files, run_groups
    from .job import Saving, check_jobs
    from .methods import check_methods, check_settings
    from .workers import choose_device, choose_dtype, dtype_advice, workers_on

    jobs, saving = read_jobs(options), Saving(resume=options.resume, every=options.save_every, latents=options.latents)
    check_jobs(jobs)
    check_methods(jobs, options.base, options.latents)
    check_settings(jobs)
    for path in (options.base, options.vae):
        if path is not None and not path.exists():
            raise FileNotFoundError(f"{path} does not exist.")
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    groups = group_files(jobs, options)
    check_inputs(jobs, options.resume)
    with workers_on(device) as workers:
        paints = any(job.method.paints for job in jobs)
        if paints and workers.rank == 0 and (advice := dtype_advice(options.dtype, device)):
            print(advice, file=sys.stderr, flush=True)
        run_groups(groups, options, (device, dtype), workers=workers, saving=saving)
