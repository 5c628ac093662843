"""Sets of videos as people have them for an evaluation: in every layout, incomplete, misnamed, odd."""

import json
from pathlib import Path

import numpy as np
from pack.magicanimate_core.command import cli
from pack.tests.evaluation.sets import flat, frames, save
from PIL import Image

from .videos import write

A, B = frames(3, seed=1), frames(3, seed=2)
LOSSLESS = {"codec": "libx264rgb", "pixels": "rgb24", "qp": "0"}


def evaluated(out: Path, arguments: list) -> dict:
    """What metrics.json says of a run of the command."""
    options = cli.parser("evaluate").parse_args(["evaluate", *map(str, arguments), "--out", str(out)])
    options.run(options)
    return json.loads((out / "metrics.json").read_text())


def both(root: Path, made: np.ndarray = A, true: np.ndarray = B, name: str = "clip", **options) -> list[Path]:
    """One video on each side, as flat frames."""
    return [flat(root / "made", **{name: made}, **options), flat(root / "true", **{name: true}, **options)]


def sides(root: Path, made: dict, true: dict) -> list[Path]:
    """Flat frames: name -> frames (F, H, W, 3), or how many of noise."""
    named = [
        {name: frames(of, seed=seed) if isinstance(of, int) else of for name, of in videos.items()}
        for seed, videos in enumerate((made, true))
    ]
    return [flat(root / side, **videos) for side, videos in zip(("made", "true"), named, strict=True)]


def folders(root: Path, inner: str = "", pattern: str = "{:04d}.png") -> list[Path]:
    """A folder of frames for each video."""
    for side, video in (("made", A), ("true", B)):
        save(root / side / "clip" / inner, video, pattern)
    return [root / "made", root / "true"]


def videos(root: Path, count: int = 3, name: str = "clip.mkv") -> list[Path]:
    """Video files without loss."""
    for side, video in (("made", A), ("true", B)):
        write(root / side / name, video[:count], **LOSSLESS)
    return [root / "made", root / "true"]


def strips(root: Path) -> list[Path]:
    """Frames side by side in one picture."""
    for side, video in (("made", A), ("true", B)):
        (root / side).mkdir()
        Image.fromarray(np.concatenate(list(video), 1)).save(root / side / "-id#000121#000250.png")
    return [root / "made", root / "true"]


def resaved(root: Path, mode: str) -> list[Path]:
    """Grey frames on both sides; on the generated one in another mode of Pillow's."""
    made, true = both(root, *(np.repeat(video[..., :1], 3, -1) for video in (A, B)))
    for path in made.iterdir():
        image = Image.open(path)
        if mode == "I;16":
            image = Image.fromarray(np.asarray(image)[..., 0].astype(np.uint16) * 257)
        elif mode == "clear":
            image.putalpha(Image.new("L", image.size, 128))
        else:
            image = image.convert(mode)
        image.save(path)
    return [made, true]


def without(folders: list[Path], *names: str) -> list[Path]:
    """The same with files of the generated side gone."""
    for name in names:
        (folders[0] / name).unlink()
    return folders


def renamed(folders: list[Path], side: int, old: str, new: str) -> list[Path]:
    (folders[side] / old).rename(folders[side] / new)
    return folders


def beside(folders: list[Path], name: str, data: bytes = b"", side: int = 0) -> list[Path]:
    """The same with one more file on a side."""
    (folders[side] / name).parent.mkdir(exist_ok=True)
    (folders[side] / name).write_bytes(data)
    return folders


def masked(root: Path, mask: np.ndarray, name: str = "clip") -> list:
    """Both sides, and masks (F, H, W) uint8."""
    return [*both(root), "--masks", flat(root / "masks", **{name: mask})]


def table(path: Path, value: np.ndarray, files: list[str] | None = None, **more) -> Path:
    """A table with a value (N, ...) for frames of one video."""
    files = ["clip.mp4"] * len(value) if files is None else files
    np.savez(path, file_name=files, frame_number=np.arange(len(value)), value=value, **more)
    return path


def joints(root: Path, true: np.ndarray, made: np.ndarray, *more: str) -> list:
    """Both sides with tables of joints."""
    return [*both(root), "--joints", table(root / "true.npz", true), table(root / "made.npz", made), *more]


def moving(root: Path, kind: str, name: str = "clip") -> list[Path]:
    """Animated pictures, as other nodes save them."""
    for side, video in (("made", A), ("true", B)):
        (root / side).mkdir(parents=True)
        first, *rest = map(Image.fromarray, video)
        lossless = {"lossless": True, "quality": 100} if kind == "webp" else {}
        first.save(root / side / f"{name}.{kind}", save_all=True, append_images=rest, duration=40, **lossless)
    return [root / "made", root / "true"]
