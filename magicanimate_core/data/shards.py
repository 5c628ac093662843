"""WebDataset shards, read at random: the members of each tar are indexed once, then read where they lie.

clips     KEY.video.mp4 and KEY.densepose.mp4
pictures  KEY.jpg (or .png, .webp) and KEY.densepose.png
"""

import glob
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ..media.blobs import PICTURE_SUFFIXES, VIDEO_SUFFIXES, Blob, Unreadable
from .files import ROLES, FileSource, Pair, picture_pair

MEDIA = (*VIDEO_SUFFIXES, *PICTURE_SUFFIXES)
SAMPLE_NAMES = "Expected KEY.video.mp4 + KEY.densepose.mp4 or KEY.jpg + KEY.densepose.png, with no dot in KEY"


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
    """Opens the items of all shards, ordered by key as a folder is by name.

    What cannot be used is an item, too, a bad one, so that whoever reads it is told. Raises ValueError for a shard that is
    missing, and where nothing can be used.
    """
    pairs, wrong = [], []
    for path in paths:
        try:
            pairs += _pairs(path)
        except Unreadable as error:
            wrong.append(error)
            pairs.append(Pair(path.name, (), (), trouble=str(error)))
    if pairs and all(pair.trouble for pair in pairs):
        raise wrong[0] if wrong else Unreadable(f"{pairs[0].name} {pairs[0].trouble}")
    return FileSource(sorted(pairs, key=lambda pair: pair.name))


def members(path: Path) -> list[Blob]:
    """Lists the files in a tar, in its order. Raises ValueError for what is missing or no tar."""
    return listing(path)[0]


def listing(path: Path) -> tuple[list[Blob], bool]:
    """Lists the files in a tar, in its order, and whether they are all: False where it is cut short or damaged behind them.

    Raises ValueError for what is missing, Unreadable for what is no tar.
    """
    if not path.is_file():
        raise ValueError(f"shard {path} does not exist.")
    blobs, end = [], 0
    try:
        with tarfile.open(path, "r:") as tar:
            for m in tar:
                blobs += [Blob(m.name.removeprefix("./"), path, m.offset_data, m.size)] if m.isfile() else []
                end = m.offset_data + (-(-m.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE if m.isreg() else 0)
    except tarfile.TarError as error:
        if not blobs:
            reason = f"{path} is no whole, uncompressed tar ({error}); expected a WebDataset shard."
            raise Unreadable(reason) from error
        return blobs, False
    # tarfile takes whatever is no header for the end, which zeros mark
    return blobs, Blob(path.name, path, end, tarfile.BLOCKSIZE).read(tarfile.BLOCKSIZE) == bytes(tarfile.BLOCKSIZE)


def split_key(name: str) -> tuple[str, str]:
    """Returns (key, rest) of a member, split as WebDataset does, at the first dot of the basename.

    >>> split_key("a/b.video.mp4")
    ('a/b', 'video.mp4')
    """
    folder, slash, base = name.rpartition("/")
    key, _, rest = base.partition(".")
    return folder + slash + key, rest


def _pairs(path: Path) -> list[Pair]:
    """The pairs in a tar, and bad ones for what is left out. Raises as listing()."""
    blobs, whole = listing(path)
    by_key: dict[str, dict[str, list[Blob]]] = {}
    for blob in blobs:
        key, rest = split_key(blob.name)
        if key.rpartition("/")[2]:  # hidden files have none
            by_key.setdefault(key, {}).setdefault(rest.lower(), []).append(blob)
    pairs = [pair for key, by_ending in by_key.items() for pair in _of_key(key, by_ending)]
    if not whole:
        trouble = f"has no end: it is cut short or damaged after {blobs[-1].name}; what lies before is used."
        pairs.append(Pair(path.name, (), (), trouble=trouble))
    return pairs


def _of_key(key: str, by_ending: dict[str, list[Blob]]) -> list[Pair]:
    """The pair of a key, if it has one, and a bad one for files that a dot in their key hides, or that are there twice."""
    twice = [blobs[0] for rest, blobs in by_ending.items() if len(blobs) > 1 and rest.endswith(MEDIA)]
    if twice:
        trouble = f"has {twice[0].name} more than once in {twice[0].path.name}; keep one."
        return [Pair(key, (), (), trouble=trouble)]
    pair = _pair(key, by_ending)
    hidden = [
        blobs[0].name
        for rest, blobs in by_ending.items()
        if rest.endswith(MEDIA) and (pair is None or rest.split(".")[-2] in ROLES and rest.count(".") > 1)
    ]
    found = [pair] if pair is not None else []
    if hidden:
        trouble = f"has {', '.join(hidden[:4])}, which no sample has: a key ends at the first dot of a name. {SAMPLE_NAMES}."
        found.append(Pair(key, (), (), trouble=trouble))
    return found


def _pair(key: str, by_ending: dict[str, list[Blob]]) -> Pair | None:
    """The pair of a key; None for a key that only has other files, such as texts."""

    def blobs(stem: str, suffixes: tuple[str, ...]) -> list[Blob]:
        return [blob for suffix in suffixes for blob in by_ending.get(f"{stem}{suffix}".removeprefix("."), [])]

    clip = {role: blobs(role, VIDEO_SUFFIXES) for role in ROLES}
    if any(clip.values()):
        return Pair(key, tuple(clip["video"]), tuple(clip["densepose"]))
    still = {"video": blobs("", PICTURE_SUFFIXES), "densepose": blobs("densepose", PICTURE_SUFFIXES)}
    return picture_pair(key, **still) if any(still.values()) else None
