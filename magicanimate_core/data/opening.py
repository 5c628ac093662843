"""Opens the source that a path or a line of text names."""

import glob
from pathlib import Path
from urllib.parse import parse_qsl

from ..dancers.seeds import SPLITS
from ..media.blobs import PICTURE_SUFFIXES
from ..media.timing import DEFAULT_FPS
from .drawn import DancerClips, DancerStills
from .files import clip_folder, image_folder, is_clip, listed
from .shards import expand, shards
from .source import Source

DANCERS = "dancers:"
EXAMPLE = "dancers:train?clips=600&frames=24 or dancers:held_out?stills=50&size=256"
LAYOUTS = (
    "expected folders NAME/video.mp4 + NAME/densepose.mp4, pictures NAME.png + NAME_densepose.png, "
    f"WebDataset shards (.tar), or {EXAMPLE}"
)


def open_source(where: str | Path, *, height: int = 512, width: int = 512, fps: float = DEFAULT_FPS) -> Source:
    """Opens the source that a path or text names. Raises ValueError for what names none, with what was expected.

    A folder of clips, of pictures or of shards; a shard or several ("shards/{000..007}.tar", "shards/*.tar"); or dancers
    ("dancers:train?clips=600&frames=24"), which are drawn at `height` and `width` unless the text names a size.
    `fps` is the frame rate of clips that are folders of frames.
    """
    text = str(where)
    if text.startswith(DANCERS):
        return _dancers(text, height, width)
    path = Path(text)
    if path.is_dir():
        return _folder(path, fps)
    if path.suffix == ".tar" or "{" in text or glob.has_magic(text):
        paths = expand(text)
        return _filled(shards(paths), text, f"{len(paths)} shards")
    if path.is_file():
        raise ValueError(f"{text} is a file; {LAYOUTS}.")
    raise ValueError(f"{text} does not exist; {LAYOUTS}.")


def _folder(path: Path, fps: float) -> Source:
    """Opens a folder of clips, of pictures or of shards. Raises ValueError for none or several of them."""
    if is_clip(path):
        raise ValueError(f"{path} is itself a clip; give the folder that holds it, {path.resolve().parent}.")
    inside = listed(path)
    kinds = {
        "shards": [p for p in inside if p.suffix == ".tar"],
        "clips": [p for p in inside if p.is_dir() and is_clip(p)],
        "pictures": [p for p in inside if p.suffix.lower() in PICTURE_SUFFIXES],
    }
    held = [kind for kind, paths in kinds.items() if paths]
    if len(held) > 1:
        raise ValueError(f"{path} holds {' and '.join(held)}; keep each in a folder of its own.")
    if not held:
        raise ValueError(f"{path} holds neither clips nor pictures nor shards; {LAYOUTS}.")
    if held == ["clips"]:
        return clip_folder(path, fps)
    return image_folder(path) if held == ["pictures"] else _filled(shards(kinds["shards"]), str(path), "the shards")


def _filled(source: Source, text: str, what: str) -> Source:
    """Returns the source. Raises ValueError if it has no items."""
    if not len(source):
        members = "KEY.video.mp4 + KEY.densepose.mp4 or KEY.jpg + KEY.densepose.png"
        raise ValueError(f"{text}: {what} hold no samples; expected {members}.")
    return source


def _dancers(text: str, height: int, width: int) -> Source:
    """Opens drawn dancers: "dancers:SPLIT?clips=N&..." or "dancers:SPLIT?stills=N&...". Raises ValueError."""
    split, _, query = text.removeprefix(DANCERS).partition("?")
    try:
        given = {name: int(value) for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))}
    except ValueError as error:
        raise ValueError(f"{text} is not understood ({error}); expected numbers, for example {EXAMPLE}.") from error
    kinds = {"clips": {"frames", "every", "dances", "size", "height", "width"}, "stills": {"size", "height", "width"}}
    kind = [name for name in kinds if name in given]
    unknown = given.keys() - {"clips", "stills"} - set().union(*(kinds[name] for name in kind))
    if split not in SPLITS or len(kind) != 1 or unknown or any(value < 1 for value in given.values()):
        wrong = f", but not {', '.join(sorted(unknown))}" if unknown else ""
        raise ValueError(
            f"{text} is not understood; expected a split ({', '.join(SPLITS)}), clips or stills, "
            f"and sizes above 0{wrong}: for example {EXAMPLE}."
        )
    height, width = (given.get(name, given.get("size", side)) for name, side in (("height", height), ("width", width)))
    if kind == ["clips"]:
        every, dances = given.get("every", 1), given.get("dances", 1)
        return DancerClips(given["clips"], split, given.get("frames", 48), height, width, every, dances)
    return DancerStills(given["stills"], split, height, width)
