"""`python -m magicanimate_core pose`: from a film or DensePose in any form to the pose video that `animate` needs."""

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..bodies.landmarks import BUNDLE
from ..media.index import Indexed
from ..media.reading import Video, open_video
from ..media.sound import Sound
from ..media.timing import nearest
from ..media.writing import LOSSLESS, Write, video_writer, write_picture
from ..options import Aligning, PoseWork
from ..pose.colours import looked_at
from ..pose.detector import DETECT_SIZE, DETECT_WORDS, check_detect_size
from ..pose.exchange import SOURCES
from ..pose.preparing import PoseReport
from .aligning import aligned
from .arguments import add_options, from_arguments
from .posing import FILM_FORM, PoseMaker, open_net, photo_pose

DESCRIPTION = f"""Makes a pose video in MagicAnimate's colours from a film or any DensePose, or the DensePose of a photo.

IN is a film or a photo, for which a net is needed, or DensePose in any form; OUT an MP4, or a PNG for one picture. Colours
are stored without loss, for `animate` and ComfyUI; some players do not show such files. The film's sound is kept. With
--photo-pose the people of IN get the place and the proportions of the one in the photo. OUT appears when it is whole.
--form {FILM_FORM} gives IN to the net whatever it looks like.
"""
FILM, PICTURE = (".mp4", ".m4v"), (".png",)  # what OUT may be


@dataclass(frozen=True, kw_only=True)
class Posing(PoseWork):
    """How the command prepares a pose video: IN may be a film, too."""

    more_choices = {"form": lambda: (FILM_FORM,)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("source", metavar="IN", type=Path, help="a film or a photo, or DensePose in any form")
    parser.add_argument("out", metavar="OUT", type=Path, help="the pose video (.mp4), or the photo's DensePose (.png)")
    parser.add_argument("--fps", type=float, default=0, help="frames per second, by the frame nearest in time; 0: as IN (0)")
    net = parser.add_argument_group("people in a film or a photo")
    net.add_argument("--densepose-model", type=Path, metavar="FILE", help=f"the net, TorchScript: {SOURCES}; or {BUNDLE}")
    net.add_argument("--size", type=int, default=DETECT_SIZE, metavar="N", help=f"{DETECT_WORDS} ({DETECT_SIZE})")
    net.add_argument("--device", help="for example cuda:1; default: the accelerator, else the CPU")
    add_options(parser.add_argument_group("options of Prepare Pose Video"), Posing)
    align = parser.add_argument_group("options of Align Pose to Photo")
    align.add_argument(
        "--photo-pose", type=Path, metavar="PNG", help="the photo's DensePose in any form; with --densepose-model, the photo"
    )
    add_options(align, Aligning)


def main(options: argparse.Namespace) -> None:
    """Writes OUT and prints what was done. Raises ValueError or OSError for what cannot be used, before any work."""
    work, aligning = from_arguments(Posing, options), from_arguments(Aligning, options)
    check_detect_size(options.size, "--size")
    check_places(options.source, options.out, options.photo_pose)
    video = open_video(options.source)
    numbers, fps = frames_at(video, options.fps)
    seen = Counter(numbers)  # frame -> how often; in order. One that is seen several times is worked on once
    order = list(seen)
    spread = np.stack(video.read([order[i] for i in looked_at(len(order))]))  # (F, H, W, 3)
    writer = _writer(options.out, len(numbers), fps, spread[0], _sound(video, len(numbers) / fps))
    net = open_net(options.densepose_model, options.size, options.device) if options.densepose_model else None
    pose = PoseMaker(options.source.name, work, spread, net)
    photo = photo_pose(options.photo_pose, work.snap, net) if options.photo_pose else None
    report, name = PoseReport(), options.out.name
    with tqdm(total=len(seen), desc=name, unit="frame") as bar:
        poses = pose.frames(_counted(video.decode(order), bar), report)
        with nullcontext((poses, "")) if photo is None else aligned(poses, photo, aligning, options.out) as (frames, words):
            write_repeated(frames, seen, writer)
    print("\n".join(filter(None, [str(report), words])))


def check_places(source: Path, out: Path, photo: Path | None = None) -> None:
    """Raises ValueError or FileNotFoundError where IN or the photo's pose is no file, or OUT none that can be written."""
    for name, path in (("IN", source), ("--photo-pose", photo)):
        if path is None:
            continue
        if os.path.isdir(path):
            raise ValueError(f"{name} is {path}, which is a folder; expected a film or a picture.")
        if not os.path.isfile(path):
            raise FileNotFoundError(f"{name} {path} does not exist.")
        if out.resolve() == path.resolve():
            raise ValueError(f"OUT is {name} ({out}); give another name.")
    if out.suffix.lower() not in FILM + PICTURE or os.path.isdir(out):
        raise ValueError(f"OUT is {out}; expected the name of an MP4 video, or of a PNG for one picture.")
    place = next(path for path in out.absolute().parents if os.path.exists(path))
    if not (place.is_dir() and os.access(place, os.W_OK)):
        raise ValueError(f"OUT is {out}, but nothing can be written to {place}.")


def frames_at(video: Indexed, fps: float) -> tuple[list[int], Fraction]:
    """Returns the numbers of the frames seen at `fps` frames a second (0: the video's own), ascending, and the rate.

    Raises ValueError for a rate that no video has, and Unreadable.
    """
    if not fps:
        return video.shown, video.fps
    if not 0 < fps <= 1000:
        raise ValueError(f"--fps is {fps:g}; expected up to 1000, or 0 for the rate of IN.")
    return nearest(video.edges, fps), Fraction(fps).limit_denominator(1001)


def _sound(video: Indexed, seconds: Fraction) -> Sound | None:
    """What is heard in a film: `animate` takes it from the pose video."""
    return Sound(video.blob.path, video.index.start, seconds) if isinstance(video, Video) else None


def _writer(out: Path, frames: int, fps: Fraction, like: np.ndarray, sound: Sound | None) -> AbstractContextManager[Write]:
    """What writes frames as large as `like` (H, W, 3). Raises ValueError for a film that is to be a picture."""
    if out.suffix.lower() in FILM:
        return video_writer(out, fps, like.shape[1], like.shape[0], LOSSLESS, sound)
    if frames > 1:
        raise ValueError(f"OUT is {out}, a picture, but IN has {frames} frames; expected the name of an MP4 video.")
    return _picture(out)


@contextmanager
def _picture(out: Path) -> Iterator[Write]:
    yield lambda frame: write_picture(out, frame)


def _counted(frames: Iterable[np.ndarray], bar: tqdm) -> Iterator[np.ndarray]:
    for frame in frames:
        yield frame
        bar.update(1)


def write_repeated(frames: Iterable[np.ndarray], seen: Counter[int], writer: AbstractContextManager[Write]) -> None:
    """Writes each frame (H, W, 3) as often as it is seen. Raises as those who make and write frames do."""
    with writer as write:
        for frame, times in zip(frames, seen.values(), strict=True):
            for _ in range(times):
                write(frame)
