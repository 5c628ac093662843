"""Writes clips and pictures of the procedural dancers, with their DensePose, as files.

python -m magicanimate_core.dancers OUT [--clips 20] [--images 0] [--frames 48] [--size 256] [--split train]
"""

import argparse
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from ..media.densepose import paint
from .seeds import SPLITS
from .world import FPS, clip, still


def write_video(path: Path, frames: Iterable[np.ndarray], fps: int = FPS) -> None:
    """H.264 of RGB frames (H, W, 3) uint8; odd sizes lose their last row or column."""
    with av.open(str(path), "w") as container:
        stream = None
        for frame in frames:
            frame = np.ascontiguousarray(frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2])
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "12"})
                stream.height, stream.width, stream.pix_fmt = *frame.shape[:2], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode())


def write_clip(folder: Path, index: int, split: str, frames: int, size: int, masks: bool) -> str:
    """Writes video.mp4, densepose.mp4 and perhaps masks.npz; returns the clip's description."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = clip(index, split, frames=frames, height=size, width=size)
    drawn = list(shown)
    write_video(folder / "video.mp4", (frame.image for frame in drawn))
    write_video(folder / "densepose.mp4", (paint(frame.parts) for frame in drawn))
    if masks:
        np.savez_compressed(folder / "masks.npz", masks=np.stack([frame.mask for frame in drawn]))
    return shown.description


def write_image(folder: Path, index: int, split: str, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    picture = still(index, split, height=size, width=size)
    for name, rgb in ((f"{index:05d}", picture.image), (f"{index:05d}_densepose", paint(picture.parts))):
        cv2.imwrite(str(folder / f"{name}.png"), rgb[..., ::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    for name, default in (("clips", 20), ("images", 0), ("frames", 48), ("size", 256)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--masks", action="store_true", help="also write masks.npz: every pixel of the person")
    options = parser.parse_args()
    for index in range(options.clips):
        folder = options.out / "clips" / f"{options.split}_{index:04d}"
        print(folder, write_clip(folder, index, options.split, options.frames, options.size, options.masks), sep=": ")
    for index in range(options.images):
        write_image(options.out / "images", index, options.split, options.size)


if __name__ == "__main__":
    main()
