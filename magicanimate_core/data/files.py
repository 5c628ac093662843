"""Clips and pictures that are files: pairs of a video (or picture) and its DensePose.

clips     ROOT/NAME/video.mp4 and densepose.mp4, or folders of frames: ROOT/NAME/video/000000.png and densepose/000000.png
pictures  ROOT/NAME.png (or .jpg, .webp) and NAME_densepose.png
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..media.blobs import PICTURE_SUFFIXES, VIDEO_SUFFIXES, Blob, Unreadable
from ..media.pictures import Pictures
from ..media.reading import Video
from ..media.timing import DEFAULT_FPS, even_edges
from .source import BadItem, Sample

ROLES = ("video", "densepose")


class Pair(NamedTuple):
    """The files of an item. No file, several videos or `trouble` make it bad when it is used, not when it is listed."""

    name: str
    video: tuple[Blob, ...]
    densepose: tuple[Blob, ...]
    still: bool = False  # a picture, which has no time
    trouble: str = ""  # what is known to be wrong with it, to go on after its name


class FileSource:
    """A source of pairs of files; `fps` is the frame rate of clips that are folders of frames."""

    def __init__(self, pairs: Sequence[Pair], fps: float = DEFAULT_FPS) -> None:
        self.pairs, self._fps = tuple(pairs), fps
        self._opened: dict[int, tuple[Video | Pictures, ...]] = {}  # by item, so that each file is indexed once

    def __len__(self) -> int:
        return len(self.pairs)

    def name(self, item: int) -> str:
        return self.pairs[item].name

    def length(self, item: int) -> int:
        """Frames of the item. Raises BadItem, also when its two streams differ."""
        with _bad_item(self.name(item)):
            video, densepose = self._streams(item)
            if len(video) != len(densepose):
                raise Unreadable(f"has {len(video)} frames in the video and {len(densepose)} in the DensePose.")
            return len(video)

    def fps(self, item: int) -> float:
        """Frames per second, 0 for a picture. Raises BadItem."""
        with _bad_item(self.name(item)):
            return 0.0 if self.pairs[item].still else float(self._streams(item)[0].fps)

    def edges(self, item: int) -> np.ndarray:
        """When the frames of a clip begin and the last one ends, (F + 1,) seconds. Raises BadItem."""
        with _bad_item(self.name(item)):
            video = self._streams(item)[0]
            return video.edges if isinstance(video, Video) else even_edges(len(video), video.fps)

    def read(self, item: int, frames: Sequence[int]) -> Sample:
        """The frames in the order asked for. Raises BadItem, and IndexError for none or beyond the item's length."""
        length = self.length(item)
        outside = [i for i in frames if not 0 <= i < length]
        if outside or not len(frames):
            raise IndexError(f"frames {list(frames)} of {self.name(item)}; expected at least one, each in 0..{length - 1}.")
        with _bad_item(self.name(item)):
            images, poses = (stream.read(frames) for stream in self._streams(item))
            for i, image, pose in zip(frames, images, poses, strict=True):
                if not image.shape == pose.shape == images[0].shape:
                    raise Unreadable(
                        f"has frames of different sizes: frame {frames[0]} is {_size(images[0])}, "
                        f"frame {i} is {_size(image)}, its DensePose {_size(pose)}."
                    )
            return Sample(np.stack(images), np.stack(poses))

    def _streams(self, item: int) -> tuple[Video | Pictures, ...]:
        """The item's video and DensePose. Raises Unreadable."""
        if item not in self._opened:
            pair = self.pairs[item]
            if pair.trouble:
                raise Unreadable(pair.trouble)
            self._opened[item] = tuple(_stream(role, getattr(pair, role), self._fps) for role in ROLES)
        return self._opened[item]


@contextmanager
def _bad_item(name: str) -> Iterator[None]:
    """Raises BadItem, why an item cannot be used, for Unreadable, why its file cannot."""
    try:
        yield
    except Unreadable as error:
        reason = str(error)
        raise BadItem(name, reason if reason.startswith("has ") else f"is bad: {reason}") from error


def _size(image: np.ndarray) -> str:  # (H, W, 3)
    return f"{image.shape[1]}x{image.shape[0]}"


def _stream(role: str, blobs: tuple[Blob, ...], fps: float) -> Video | Pictures:
    """Opens the files of a role; `fps` is that of pictures. Raises Unreadable for none and for several videos."""
    videos = [blob for blob in blobs if blob.name.lower().endswith(VIDEO_SUFFIXES)]
    if not blobs:
        raise Unreadable(f"has no {role}.")
    if videos and len(blobs) > 1:
        raise Unreadable(f"has more than one {role}: {', '.join(blob.name for blob in blobs[:4])}; keep one.")
    return Video(blobs[0]) if videos else Pictures(blobs, fps)


def listed(folder: Path) -> list[Path]:
    """Lists what lies in a folder, by name; hidden and unfinished things (".name", "_name") do not count."""
    return sorted((path for path in folder.iterdir() if path.name[0] not in "._"), key=lambda path: path.name)


def _role_files(folder: Path, role: str) -> tuple[Blob, ...]:
    """Lists the video file of a role and the frames in the folder of that name."""
    paths = [p for p in listed(folder) if p.stem == role and p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()]
    if (folder / role).is_dir():
        paths += [p for p in listed(folder / role) if p.suffix.lower() in PICTURE_SUFFIXES]
    return tuple(Blob(path.name if path.parent == folder else f"{role}/{path.name}", path) for path in paths)


def is_clip(folder: Path) -> bool:
    """Tells whether a folder holds a video or its DensePose."""
    return any(p.stem in ROLES and (p.is_dir() or p.suffix.lower() in VIDEO_SUFFIXES) for p in listed(folder))


def clip_folder(root: Path, fps: float = DEFAULT_FPS) -> FileSource:
    """Opens `root`, in which every folder is a clip; `fps` is that of clips which are folders of frames."""
    folders = [path for path in listed(root) if path.is_dir()]
    return FileSource([Pair(folder.name, *(_role_files(folder, role) for role in ROLES)) for folder in folders], fps)


def image_folder(root: Path) -> FileSource:
    """Opens the pictures in `root` that have a DensePose beside them, or should."""
    pairs: dict[str, dict[str, list[Blob]]] = {}
    for path in listed(root):
        if path.suffix.lower() in PICTURE_SUFFIXES:
            role = "densepose" if path.stem.endswith("_densepose") else "video"
            roles = pairs.setdefault(path.stem.removesuffix("_densepose"), {role: [] for role in ROLES})
            roles[role].append(Blob(path.name, path))
    return FileSource([picture_pair(name, **roles) for name, roles in pairs.items()])


def picture_pair(name: str, video: Sequence[Blob], densepose: Sequence[Blob]) -> Pair:
    """Makes the pair of a picture. Two files of one name (a.png, a.jpg) count as two frames, so that they are noticed."""
    return Pair(name, tuple(video), tuple(densepose), still=True)
