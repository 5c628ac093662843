"""Clips and pictures that are files: pairs of a video (or picture) and its DensePose.

clips     ROOT/NAME/video.mp4 and densepose.mp4, or folders of frames: ROOT/NAME/video/000000.png and densepose/000000.png
pictures  ROOT/NAME.png (or .jpg, .webp) and NAME_densepose.png
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..media.reading import PICTURES, VIDEOS, Blob, Pictures, Unreadable, Video
from .source import BadItem, Sample

FPS = 25.0  # of folders of frames, which do not say
ROLES = ("video", "densepose")


class Pair(NamedTuple):
    """The files of an item. No file or several videos make the item bad when it is used, not when it is listed."""

    name: str
    video: tuple[Blob, ...]
    densepose: tuple[Blob, ...]
    still: bool = False  # a picture, which has no time


class Files:
    """A source of pairs of files."""

    def __init__(self, pairs: Sequence[Pair], fps: float = FPS) -> None:
        self.pairs, self._fps = tuple(pairs), fps
        self._opened: dict[int, tuple] = {}  # what is known of the files, so that each is indexed once

    def __len__(self) -> int:
        return len(self.pairs)

    def name(self, item: int) -> str:
        return self.pairs[item].name

    def length(self, item: int) -> int:
        """Frames of the item. Raises BadItem, also when its two streams differ."""
        with _Named(self.name(item)):
            video, densepose = self._streams(item)
            if len(video) != len(densepose):
                raise Unreadable(f"has {len(video)} frames in the video and {len(densepose)} in the DensePose.")
            return len(video)

    def fps(self, item: int) -> float:
        with _Named(self.name(item)):
            return 0.0 if self.pairs[item].still else (self._streams(item)[0].fps or self._fps)

    def read(self, item: int, frames: Sequence[int]) -> Sample:
        length = self.length(item)
        outside = [i for i in frames if not 0 <= i < length]
        if outside or not len(frames):
            raise IndexError(f"frames {list(frames)} of {self.name(item)}; expected at least one, each in 0..{length - 1}.")
        with _Named(self.name(item)):
            images, poses = (stream.read(frames) for stream in self._streams(item))
            for i, image, pose in zip(frames, images, poses, strict=True):
                if not image.shape == pose.shape == images[0].shape:
                    raise Unreadable(
                        f"has frames of different sizes: frame {frames[0]} is {_size(images[0])}, "
                        f"frame {i} is {_size(image)}, its DensePose {_size(pose)}."
                    )
            return Sample(np.stack(images), np.stack(poses))

    def _streams(self, item: int) -> tuple:
        if item not in self._opened:
            pair = self.pairs[item]
            self._opened[item] = tuple(_stream(role, getattr(pair, role)) for role in ROLES)
        return self._opened[item]


class _Named:
    """Why a file cannot be used becomes why the item cannot."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Unreadable):
            reason = str(error)
            raise BadItem(self.name, reason if reason.startswith("has ") else f"is bad: {reason}") from error


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


def _stream(role: str, blobs: tuple[Blob, ...]) -> Video | Pictures:
    videos = [blob for blob in blobs if blob.name.lower().endswith(VIDEOS)]
    if not blobs:
        raise Unreadable(f"has no {role}.")
    if videos and len(blobs) > 1:
        raise Unreadable(f"has more than one {role}: {', '.join(blob.name for blob in blobs[:4])}; keep one.")
    return Video(blobs[0]) if videos else Pictures(blobs)


def listed(folder: Path) -> list[Path]:
    """What lies in a folder, by name; hidden and unfinished things (".name", "_name") do not count."""
    return sorted((path for path in folder.iterdir() if path.name[0] not in "._"), key=lambda path: path.name)


def _role_files(folder: Path, role: str) -> tuple[Blob, ...]:
    """The video file of a role, else the frames in the folder of that name."""
    found = [p for p in listed(folder) if p.stem == role and p.suffix.lower() in VIDEOS and p.is_file()]
    if (folder / role).is_dir():
        found += [p for p in listed(folder / role) if p.suffix.lower() in PICTURES]
    return tuple(Blob(path.name if path.parent == folder else f"{role}/{path.name}", path) for path in found)


def is_clip(folder: Path) -> bool:
    """Whether a folder holds a video or its DensePose."""
    return any(p.stem in ROLES and (p.is_dir() or p.suffix.lower() in VIDEOS) for p in listed(folder))


def clip_folder(root: Path, fps: float = FPS) -> Files:
    """Every folder in `root` is a clip; `fps` is that of clips which are folders of frames."""
    folders = [path for path in listed(root) if path.is_dir()]
    return Files([Pair(folder.name, *(_role_files(folder, role) for role in ROLES)) for folder in folders], fps)


def image_folder(root: Path) -> Files:
    """Every picture in `root` that has a DensePose beside it, or should."""
    found: dict[str, dict[str, list[Blob]]] = {}
    for path in listed(root):
        if path.suffix.lower() in PICTURES:
            role = "densepose" if path.stem.endswith("_densepose") else "video"
            roles = found.setdefault(path.stem.removesuffix("_densepose"), {role: [] for role in ROLES})
            roles[role].append(Blob(path.name, path))
    return Files([picture(name, **roles) for name, roles in found.items()])


def picture(name: str, video: Sequence[Blob], densepose: Sequence[Blob]) -> Pair:
    """The pair of a picture. Two files of the same name (a.png, a.jpg) count as two frames, so that they are noticed."""
    return Pair(name, tuple(video), tuple(densepose), still=True)
