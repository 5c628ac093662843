"""Draws a dancer and a DensePose clip, so that tests, benchmarks and demo have inputs that nobody has rights in.

python -m magicanimate_core.testing.inputs FOLDER [--size 256] [--frames 24] [--people 1]
"""

import argparse
from pathlib import Path

import numpy as np

from ..dancers import FPS, DrawnClip, clip
from ..media.densepose import paint
from ..media.writing import INPUT, video_writer, write_picture


def draw_photo(size: int, people: int = 1) -> np.ndarray:
    """Draws dancers side by side, (size, size, 3) uint8 RGB."""
    return np.hstack([dancer.dancing(1000 + i).frame(0).image for i, dancer in enumerate(_dancers(size, 1, people))])


def draw_poses(size: int, frames: int, people: int = 1) -> np.ndarray:
    """Draws their DensePose in another motion, (frames, size, size, 3) uint8 RGB."""
    dancers = _dancers(size, frames, people)
    return np.stack([np.hstack([paint(dancer.frame(i).parts) for dancer in dancers]) for i in range(frames)])


def _dancers(size: int, frames: int, people: int) -> list[DrawnClip]:
    return [clip(i, "held_out", frames=frames, height=size, width=size // people) for i in range(people)]


def write_poses(path: Path, frames: np.ndarray) -> None:
    """Writes a pose video (F, H, W, 3) uint8 RGB at 25 frames a second."""
    with video_writer(path, FPS, frames.shape[2], frames.shape[1], INPUT) as write:
        for frame in frames:
            write(frame)


def write_inputs(folder: Path, size: int = 256, frames: int = 24, people: int = 1, name: str = "") -> tuple[Path, Path]:
    """Writes a photo and a clip; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    image, video = folder / f"{name or 'reference'}.png", folder / f"{name + '_' if name else ''}densepose.mp4"
    write_picture(image, draw_photo(size, people))
    write_poses(video, draw_poses(size, frames, people))
    return image, video


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, default in (("size", 256), ("frames", 24), ("people", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    print(*write_inputs(options.folder, options.size, options.frames, options.people), sep="\n")


if __name__ == "__main__":
    main()
