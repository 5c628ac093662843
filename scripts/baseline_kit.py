"""MagicAnimate as a baseline, from a data set to a row that can be cited:

    python -m scripts.baseline_kit DATASET --out DIR --base SD15 --magicanimate DIR --densepose-model FILE --networks DIR

DATASET holds folders of frames (TikTok: NAME/images/0001.png) or videos (TED-talks: NAME.mp4). For each: the largest centred
square at --size, its DensePose, the first frame as the photo, the animation; then `evaluate` at 256x256. What is finished
stays when the command runs again. docs/baseline_kit.md says what the numbers are.
"""

import argparse
import json
import sys
from pathlib import Path

from magicanimate_core.command import cli
from magicanimate_core.command.contents import loaded_files
from magicanimate_core.disk import whole
from magicanimate_core.evaluation.layouts import open_set
from magicanimate_core.evaluation.sizes import SquareClip
from magicanimate_core.evaluation.videos import PUBLISHED_SIDE, ComparedClip
from magicanimate_core.media.images import check_multiple
from magicanimate_core.media.timing import DEFAULT_FPS
from magicanimate_core.media.writing import LOSSLESS, video_writer, write_picture


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", metavar="DATASET", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True, help="Stable Diffusion 1.5")
    parser.add_argument("--magicanimate", type=Path, required=True, help="the published files")
    parser.add_argument("--densepose-model", type=Path, required=True, help="the net, TorchScript; its name is in the row")
    parser.add_argument("--networks", type=Path, help="of the metrics; without them, only L1, PSNR and SSIM")
    parser.add_argument("--videos", nargs="+", metavar="NAME", help="only these (all)")
    parser.add_argument("--size", type=int, default=512, help="pixels that are animated (512)")
    parser.add_argument("--seed", type=int, default=0, help="of every animation (0)")
    parser.add_argument("--steps", type=int, default=25, help="denoising steps (25)")
    parser.add_argument("--device")
    options = parser.parse_args(arguments)
    try:
        clips = chosen(options)
        check_same(options, [clip.name for clip in clips])
        jobs = [prepared(clip, options) for clip in clips]
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return animated(jobs, options) or evaluated(options)


def chosen(options: argparse.Namespace) -> list[ComparedClip]:
    """The videos. Raises ValueError or OSError for what cannot be used, before any work."""
    check_multiple("--size", options.size, least=8)
    for path in (options.base, options.magicanimate, options.densepose_model, *filter(None, [options.networks])):
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist.")
    clips = open_set(options.dataset, "DATASET")
    unknown = [name for name in options.videos or () if name not in clips]
    if unknown:
        raise ValueError(f"--videos has {', '.join(unknown)}, which is not in DATASET; expected some of {', '.join(clips)}.")
    clips = [clips[name] for name in options.videos or clips]
    for clip in clips:
        if len(clip.runs()) > 1:
            raise ValueError(f"{clip.name} lacks a frame after frame {clip.numbers[clip.runs()[0] - 1]}; cut it there.")
    return clips


def check_same(options: argparse.Namespace, names: list[str]) -> None:
    """Notes what OUT is made with. Raises ValueError where it holds what was made otherwise: a row is of one kind."""
    kit, models = options.out / "kit.json", ("base", "magicanimate", "densepose_model")
    asked = {"videos": sorted(names), "size": options.size, "seed": options.seed, "steps": options.steps}
    asked |= {name: str(getattr(options, name).resolve()) for name in models} | {"dataset": str(options.dataset.resolve())}
    if not kit.exists():
        with whole(kit) as part:
            part.write_text(json.dumps(asked, indent=1), encoding="utf-8")
    before = json.loads(kit.read_text(encoding="utf-8"))
    for name, value in asked.items():
        if before.get(name) != value:
            raise ValueError(f"{options.out} was made with {name} {before.get(name)}, not {value}; give another folder.")


def prepared(clip: ComparedClip, options: argparse.Namespace) -> dict[str, str]:
    """Writes a video's square, its photo and its poses, where they are not there yet; returns the job of its animation."""
    folders = ("squares", "photos", "poses", "generated")
    square, photo, pose, out = (
        options.out / folder / f"{clip.name}{'.png' if folder == 'photos' else '.mp4'}" for folder in folders
    )
    if not (square.exists() and photo.exists()):
        with video_writer(square, DEFAULT_FPS, options.size, options.size, LOSSLESS) as write:
            for number, frame in enumerate(SquareClip(clip.name, clip, options.size).frames()):
                write(frame)
                if not number:
                    photo.parent.mkdir(parents=True, exist_ok=True)
                    write_picture(photo, frame)
    if not pose.exists():
        command = ["pose", square, pose, "--densepose-model", options.densepose_model, *on(options)]
        if cli.main([str(word) for word in command]):
            raise ValueError(f"the poses of {clip.name} could not be made.")
    out.parent.mkdir(parents=True, exist_ok=True)
    return {"reference": str(photo), "pose": str(pose), "out": str(out)}


def on(options: argparse.Namespace) -> list[str]:
    return ["--device", options.device] if options.device else []


def animated(jobs: list[dict[str, str]], options: argparse.Namespace) -> int:
    """Animates all of them, with the published settings; returns the exit code."""
    lines = options.out / "jobs.jsonl"
    lines.write_text("".join(json.dumps(job) + "\n" for job in jobs), encoding="utf-8")
    command = ["animate", "--jobs", lines, "--base", options.base, "--magicanimate", options.magicanimate]
    command += ["--seed", options.seed, "--steps", options.steps, "--resume", *on(options)]
    return cli.main([str(word) for word in command])


def evaluated(options: argparse.Namespace) -> int:
    """Measures what was made; returns the exit code."""
    model = sorted(path for path in options.magicanimate.rglob("*") if path.is_file() and path.suffix != ".json")
    base = loaded_files(options.base) if options.base.is_dir() else [options.base]
    note = f"first frame to all, {options.size}x{options.size}, {options.steps} steps, seed {options.seed}, poses by "
    command = ["evaluate", options.out / "generated", options.dataset, "--out", options.out / "evaluation", "--common"]
    command += ["--size", PUBLISHED_SIDE, "--generated-size", PUBLISHED_SIDE, "--note", note + options.densepose_model.name]
    command += ["--made-with", options.densepose_model, *model, *base, *on(options)]
    command += ["--networks", options.networks] if options.networks else []
    return cli.main([str(word) for word in command])


if __name__ == "__main__":
    sys.exit(main())
