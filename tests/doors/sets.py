"""Sets to train on with bad items: clips that are torn, and shards that are cut and mixed up."""

import tarfile
from pathlib import Path

import numpy as np
from pack.magicanimate_core.data import BadItem, DancerClips
from pack.tests.data.writing import CLIPS, write_clip


class Damaged(DancerClips):
    """Clips of which all are bad but those of `good`."""

    good: tuple[int, ...] = ()

    def read(self, item, frames):
        if item not in self.good:
            raise BadItem(self.name(item), "is torn.")
        return super().read(item, frames)


def damaged(count: int, *good: int) -> Damaged:
    return type("Damaged", (Damaged,), {"good": good})(count, "train", 5, 32, 32)


def tar(path: Path, *names: str) -> Path:
    """A shard with members of these names: videos and pictures of a dancer's, by their endings."""
    made = path.parent / "made"
    if not made.is_dir():
        write_clip(made / "clip", CLIPS.read(0, range(5)))
        write_clip(made / "frames", CLIPS.read(0, [0]), frames=True)
    with tarfile.open(path, "w") as file:
        for name in names:
            role = "densepose" if "densepose" in name else "video"
            file.add(made / "clip" / f"{role}.mp4" if name.endswith("mp4") else made / "frames" / role / "000000.png", name)
    return path


def pair(key: str) -> tuple[str, str]:
    return f"{key}.densepose.mp4", f"{key}.video.mp4"


def shortened(path: Path, *, member: int, into: int) -> Path:
    """The shard ends `into` bytes behind a member's beginning."""
    with tarfile.open(path) as file:
        end = file.getmembers()[member].offset + into
    path.write_bytes(path.read_bytes()[:end])
    return path


def noise_behind(path: Path, member: int) -> Path:
    with tarfile.open(path) as file:
        start = file.getmembers()[member].offset
    data = bytearray(path.read_bytes())
    data[start : start + 512] = np.random.default_rng(0).bytes(512)
    path.write_bytes(data)
    return path
