"""The videos that a folder holds, in every layout in which results and data sets lie about.

videos          FOLDER/NAME.mp4
frame folders   FOLDER/NAME/0001.png, or FOLDER/NAME/images/0001.png, as the TikTok data set has them
flat frames     FOLDER/NAME_0001.png: the name goes to the last underscore
strips          FOLDER/NAME.png: square frames side by side
"""

import mimetypes
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..media.blobs import PICTURE_SUFFIXES, VIDEO_SUFFIXES, Blob
from .videos import ComparedClip, PictureClip, StripClip, VideoClip

FRAME_SUFFIXES = (*PICTURE_SUFFIXES, ".bmp", ".tif", ".tiff")
EXPECTED = "expected videos NAME.mp4, folders of frames NAME/0001.png, or flat frames NAME_0001.png"
FIRST_BYTES, MOVING = 1024, (b"acTL", b"ANIM")  # bytes in which a PNG or a WebP says that it has several frames
FLAT, LAST_NUMBER = re.compile(r"(.+)_(\d+)"), re.compile(r"(\d+)$")


def open_set(folder: Path, role: str, inner: str = "images") -> dict[str, ComparedClip]:
    """Lists the videos in a folder by name, sorted. Nothing is decoded yet.

    role: what the folder is to the user, for sentences. inner: the folder of a video's folder in which frames may lie.
    Raises ValueError or OSError for no folder, for one that holds no videos, and for what can be understood in two ways.
    """
    if not folder.exists():
        raise FileNotFoundError(f"{role} is {folder}, which does not exist; {EXPECTED} in a folder.")
    if not folder.is_dir():
        raise ValueError(f"{role} is {folder}, which is a file; give the folder that holds it, with all videos.")
    inside = _listed(folder)
    kinds: dict[str, list[Path]] = {"folders": [], "videos": [], "frames": []}
    for path in inside:
        if kind := _kind(path):
            kinds[kind].append(path)
    held = [kind for kind, paths in kinds.items() if paths]
    if len(held) > 1:
        raise ValueError(f"{role} {folder} holds {' and '.join(held)}; give a folder with videos in one form.")
    if not held:
        raise ValueError(f"{role} {folder} holds no videos and no frames; {EXPECTED}.")
    if held == ["frames"]:
        clips = _flat(folder, kinds["frames"], role)
    elif held == ["videos"]:
        clips = [VideoClip(_name(path.stem), path) for path in kinds["videos"]]
    else:
        clips = [_frame_folder(path, role, inner) for path in kinds["folders"]]
    return _by_name(clips, role)


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder, but for hidden files. Raises ValueError for pictures and videos that are not read here."""
    paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    for path in paths:
        kind = (mimetypes.guess_type(path.name)[0] or "").split("/")[0]
        if kind in ("image", "video") and path.suffix.lower() not in FRAME_SUFFIXES + VIDEO_SUFFIXES and path.is_file():
            known = ", ".join(FRAME_SUFFIXES if kind == "image" else VIDEO_SUFFIXES)
            raise ValueError(f"{path} is of a kind that is not read here; expected {known}.")
    return paths


def _kind(path: Path) -> str:
    """What something in a set's folder is; nothing for notes and the like."""
    if path.is_dir():
        return "folders"
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return "videos"
    if path.suffix.lower() not in FRAME_SUFFIXES:
        return ""
    return "videos" if any(mark in Blob(path.name, path).read(FIRST_BYTES) for mark in MOVING) else "frames"


def _name(text: str) -> str:
    """A video's name: file systems write an é in two ways, as one letter or as two."""
    return unicodedata.normalize("NFC", text)


def _flat(folder: Path, paths: Sequence[Path], role: str) -> list[ComparedClip]:
    """Sorts flat frames into videos; a picture without a number is a strip of frames."""
    frames: dict[str, list[Path]] = {}
    strips: list[ComparedClip] = []
    for path in paths:
        if path.stem.isdecimal():
            raise ValueError(
                f"{role} {folder} holds frames without a video's name ({path.name}); give the folder that holds "
                "a folder of frames for every video."
            )
        if flat := FLAT.fullmatch(path.stem):
            frames.setdefault(_name(flat[1]), []).append(path)
        else:
            strips.append(StripClip(_name(path.stem), path))
    if frames and strips:
        raise ValueError(
            f"{role} {folder} holds frames with a number and {strips[0].path.name} without; expected NAME_0001.png."
        )
    return strips or [_pictures(name, folder, files) for name, files in frames.items()]


def _frame_folder(folder: Path, role: str, inner: str) -> ComparedClip:
    """The video whose frames lie in a folder, or in the folder `inner` in it. Raises ValueError for none."""
    for place in (folder, folder / inner):
        files = [path for path in _listed(place) if path.suffix.lower() in FRAME_SUFFIXES] if place.is_dir() else []
        if files:
            return _pictures(_name(folder.name), place, files)
    raise ValueError(f"{role} {folder} holds no frames; {EXPECTED}.")


def _pictures(name: str, folder: Path, paths: Iterable[Path]) -> ComparedClip:
    """The frames of one video by number. Raises ValueError for a picture without one, and for two with the same."""
    files: dict[int, str] = {}
    for path in paths:
        found = LAST_NUMBER.search(path.stem)
        if not found:
            raise ValueError(f"{path} has no frame number at the end of its name; expected for example 0001.png.")
        number = int(found[1])
        if number in files:
            raise ValueError(f"{folder} holds two files for frame {number} of {name}: {files[number]} and {path.name}.")
        files[number] = path.name
    numbers = sorted(files)
    return PictureClip(name, folder, tuple(files[number] for number in numbers), tuple(numbers))


def _by_name(clips: Iterable[ComparedClip], role: str) -> dict[str, ComparedClip]:
    """Videos by name, in the order of their flat frames' file names. Raises ValueError for two of one name."""
    named: dict[str, ComparedClip] = {}
    for clip in sorted(clips, key=lambda clip: f"{clip.name}_"):
        if clip.name in named:
            raise ValueError(f"{role} holds two videos of the name {clip.name}; keep one.")
        named[clip.name] = clip
    return named
