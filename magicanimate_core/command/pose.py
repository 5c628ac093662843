"""`python -m magicanimate_core pose`: from a film to the pose video that `animate` needs, frame by frame."""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..media.densepose import paint
from ..media.index import Indexed
from ..media.reading import Video, open_video
from ..media.sound import Sound
from ..media.timing import nearest
from ..media.writing import LOSSLESS, Write, video_writer, write_picture
from ..pose.detector import DETECT_SIZE, DETECT_WORDS, Detector, check_detect_size
from ..pose.exchange import EXPECTED, SOURCES, densepose_net
from ..weights.files import file_name
from ..weights.script import open_script

DESCRIPTION = """Makes a pose video from a film, or the DensePose of a photo: body parts in MagicAnimate's colours.

IN is a film or a picture, OUT an MP4, or a PNG for one picture. Colours are stored without loss, for `animate` and
ComfyUI; some players do not show such files. The film's sound is kept. OUT appears when it is whole.
"""
FILM, PICTURE = (".mp4", ".m4v"), (".png",)  # what OUT may be
PartsOf = Callable[[np.ndarray], np.ndarray]  # (H, W, 3) uint8 RGB -> (H, W) uint8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("source", metavar="IN", type=Path, help="a film, or a photo")
    parser.add_argument("out", metavar="OUT", type=Path, help="the pose video (.mp4), or the photo's DensePose (.png)")
    parser.add_argument("--densepose-model", type=Path, metavar="FILE", help=f"the net, TorchScript: {SOURCES}")
    parser.add_argument("--size", type=int, default=DETECT_SIZE, metavar="N", help=f"{DETECT_WORDS} ({DETECT_SIZE})")
    parser.add_argument("--fps", type=float, default=0, help="frames per second, by the frame nearest in time; 0: as IN (0)")
    parser.add_argument("--device", help="for example cuda:1; default: the accelerator, else the CPU")


def main(options: argparse.Namespace) -> None:
    """Writes OUT. Raises ValueError or OSError for what cannot be used, before any work."""
    from .workers import choose_device

    check_detect_size(options.size, "--size")
    check_places(options.source, options.out)
    if options.densepose_model is None:
        raise ValueError(f"--densepose-model is missing; give {EXPECTED}.")
    video = open_video(options.source)
    numbers, fps = frames_at(video, options.fps)
    (first,) = video.read(numbers[:1])  # (H, W, 3)
    writer = _writer(options.out, len(numbers), fps, first, _sound(video, len(numbers) / fps))
    device = choose_device(options.device)
    net = densepose_net(open_script(options.densepose_model, EXPECTED), file_name(options.densepose_model)).to(device)
    write_poses(video, numbers, Detector(net, options.size, device), writer, options.out.name)


def check_places(source: Path, out: Path) -> None:
    """Raises ValueError or FileNotFoundError where IN is no file, or OUT none that can be written."""
    if os.path.isdir(source):
        raise ValueError(f"IN is {source}, which is a folder; expected a film or a picture.")
    if not os.path.isfile(source):
        raise FileNotFoundError(f"IN {source} does not exist.")
    if out.suffix.lower() not in FILM + PICTURE or os.path.isdir(out):
        raise ValueError(f"OUT is {out}; expected the name of an MP4 video, or of a PNG for one picture.")
    if out.resolve() == source.resolve():
        raise ValueError(f"OUT is IN ({out}); give another name.")
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


def write_poses(
    video: Indexed, numbers: list[int], parts_of: PartsOf, writer: AbstractContextManager[Write], name: str
) -> None:
    """Writes the pose of each of these frames, ascending; one that is seen several times is looked at once.

    name: of the bar. Raises as those who read, look and write do.
    """
    seen = Counter(numbers)  # frame -> how often; in order
    with writer as write, tqdm(total=len(numbers), desc=name, unit="frame") as bar:
        for frame, times in zip(video.decode(list(seen)), seen.values(), strict=True):
            pose = paint(parts_of(frame))  # (H, W, 3)
            for _ in range(times):
                write(pose)
            bar.update(times)
