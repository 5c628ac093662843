"""Clips in every layout, for tests of what reads them."""

import tarfile
from pathlib import Path

import av
import cv2
import numpy as np
from pack.magicanimate_core.data import DancerClips, Sample

CLIPS = DancerClips(2, "train", 13, 32, 48)
DRAWS = ([0], [12], [7, 3, 11], [5, 0, 2, 4, 6, 8], [9, 9, 1], list(range(13)))
NOISE = np.random.default_rng(0).integers(0, 255, (13, 4, 6, 3), np.uint8).repeat(8, 1).repeat(8, 2)  # (13, 32, 48, 3)


def write_video(path: Path, frames: np.ndarray, codec: str = "libx264", pixels: str = "yuv420p", fps: int = 25, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    container_options = {"movflags": options.pop("movflags")} if "movflags" in options else {}
    with av.open(str(path), "w", options=container_options) as container:
        stream = container.add_stream(codec, rate=fps, options={"g": "5", **options})
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode())


def write_clip(folder: Path, sample: Sample, frames: bool = False) -> None:
    for role, pictures in zip(("video", "densepose"), sample, strict=True):
        if frames:
            (folder / role).mkdir(parents=True)
            for i, rgb in enumerate(pictures):
                cv2.imwrite(str(folder / role / f"{i:06d}.png"), rgb[..., ::-1])
        else:
            write_video(folder / f"{role}.mp4", pictures)


def write_tar(path: Path, files: dict[str, Path]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, source in files.items():
            tar.add(source, name)


def equal(a: Sample, b: Sample) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
