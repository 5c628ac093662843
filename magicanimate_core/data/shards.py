"""WebDataset shards, read at random: the members of each tar are indexed once, then read where they lie.

clips     KEY.video.mp4 and KEY.densepose.mp4
pictures  KEY.jpg (or .png, .webp) and KEY.densepose.png
"""

import glob
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ..media.blobs import PICTURE_SUFFIXES, VIDEO_SUFFIXES, Blob
from .files import ROLES, FileSource, Pair, picture_pair


def expand(pattern: str) -> list[Path]:
    """Lists the paths of a pattern: {000..007} counts, {a,b} lists, and * ? [] match what exists.

    >>> [str(path) for path in expand("shards/{08..10}.tar")]
    ['shards/08.tar', 'shards/09.tar', 'shards/10.tar']
    """
    brace = re.search(r"\{([^{}]*)\}", pattern)
    if brace:
        span = re.fullmatch(r"(\d+)\.\.(\d+)", brace[1])
        words = brace[1].split(",")
        if span:
            words = [str(i).zfill(len(span[1])) for i in range(int(span[1]), int(span[2]) + 1)]
        before, after = pattern[: brace.start()], pattern[brace.end() :]
        return [path for word in words for path in expand(before + word + after)]
    if glob.has_magic(pattern):
        return sorted(Path(path) for path in glob.glob(pattern))
    return [Path(pattern)]


def shards(paths: Iterable[Path]) -> FileSource:
    """Opens the items of all shards, ordered by key as a folder is by name. Raises ValueError for what is no tar."""
    pairs = [pair for path in paths for pair in _pairs(path)]
    return FileSource(sorted(pairs, key=lambda pair: pair.name))


def members(path: Path) -> list[Blob]:
    """Lists the files in a tar, in its order. Raises ValueError for what is missing or no tar."""
    if not path.is_file():
        raise ValueError(f"shard {path} does not exist.")
    try:
        with tarfile.open(path, "r:") as tar:
            return [Blob(m.name.removeprefix("./"), path, m.offset_data, m.size) for m in tar if m.isfile()]
    except tarfile.TarError as error:
        raise ValueError(f"{path} is no whole, uncompressed tar ({error}); expected a WebDataset shard.") from error


def split_key(name: str) -> tuple[str, str]:
    """Returns (key, rest) of a member, split as WebDataset does, at the first dot of the basename.

    >>> split_key("a/b.video.mp4")
    ('a/b', 'video.mp4')
    """
    folder, slash, base = name.rpartition("/")
    key, _, rest = base.partition(".")
    return folder + slash + key, rest


def _pairs(path: Path) -> list[Pair]:
    """The pairs in a tar. Raises ValueError."""
    by_key: dict[str, dict[str, list[Blob]]] = {}
    for blob in members(path):
        key, rest = split_key(blob.name)
        if key.rpartition("/")[2]:  # hidden files have none
            by_key.setdefault(key, {})[rest.lower()] = [blob]
    return [pair for key, by_ending in by_key.items() if (pair := _pair(key, by_ending)) is not None]


def _pair(key: str, by_ending: dict[str, list[Blob]]) -> Pair | None:
    """The pair of a key; None for a key that only has other files, such as texts."""

    def blobs(stem: str, suffixes: tuple[str, ...]) -> list[Blob]:
        return [blob for suffix in suffixes for blob in by_ending.get(f"{stem}{suffix}".removeprefix("."), [])]

    clip = {role: blobs(role, VIDEO_SUFFIXES) for role in ROLES}
    if any(clip.values()):
        return Pair(key, tuple(clip["video"]), tuple(clip["densepose"]))
    still = {"video": blobs("", PICTURE_SUFFIXES), "densepose": blobs("densepose", PICTURE_SUFFIXES)}
    return picture_pair(key, **still) if any(still.values()) else None
