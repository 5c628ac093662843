"""WebDataset shards, read at random: the members of each tar are indexed once, then read where they lie.

clips     KEY.video.mp4 and KEY.densepose.mp4
pictures  KEY.jpg (or .png, .webp) and KEY.densepose.png
"""

import glob
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ..media.reading import PICTURES, VIDEOS, Blob
from .files import ROLES, Files, Pair, picture


def expand(pattern: str) -> list[Path]:
    """Paths of a pattern: {000..007} counts, {a,b} lists, and * ? [] match what exists.

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


def shards(paths: Iterable[Path]) -> Files:
    """The samples of all shards, ordered by key as a folder is by name. Raises ValueError for what is no tar."""
    pairs = [pair for path in paths for pair in _samples(path)]
    return Files(sorted(pairs, key=lambda pair: pair.name))


def members(path: Path) -> list[Blob]:
    """Files in a tar, in its order. Raises ValueError."""
    if not path.is_file():
        raise ValueError(f"shard {path} does not exist.")
    try:
        with tarfile.open(path, "r:") as tar:
            return [Blob(m.name.removeprefix("./"), path, m.offset_data, m.size) for m in tar if m.isfile()]
    except tarfile.TarError as error:
        raise ValueError(f"{path} is no whole, uncompressed tar ({error}); expected a WebDataset shard.") from error


def split_key(name: str) -> tuple[str, str]:
    """(key, rest) of a member, as WebDataset splits: at the first dot of the basename. "a/b.video.mp4" -> a/b, video.mp4."""
    folder, slash, base = name.rpartition("/")
    key, _, rest = base.partition(".")
    return folder + slash + key, rest


def _samples(path: Path) -> list[Pair]:
    found: dict[str, dict[str, list[Blob]]] = {}
    for blob in members(path):
        key, rest = split_key(blob.name)
        if key.rpartition("/")[2]:  # hidden files have none
            found.setdefault(key, {})[rest.lower()] = [blob]
    return [pair for key, by_ending in found.items() if (pair := _pair(key, by_ending)) is not None]


def _pair(key: str, by_ending: dict[str, list[Blob]]) -> Pair | None:
    """The pair of a key; None for a key that only has other files, such as texts."""
    clip = {role: [b for e in VIDEOS for b in by_ending.get(f"{role}{e}", [])] for role in ROLES}
    if any(clip.values()):
        return Pair(key, tuple(clip["video"]), tuple(clip["densepose"]))
    still = {role: [b for e in PICTURES for b in by_ending.get(f"{prefix}{e}"[1:], [])] for role, prefix in _STILL.items()}
    return picture(key, **still) if any(still.values()) else None


_STILL = {"video": "", "densepose": ".densepose"}  # the picture's own ending is KEY.png
