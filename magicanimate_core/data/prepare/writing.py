"""Prepared items as files: clip folders, picture folders or WebDataset shards. Nothing half-written has a final name."""

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ...disk import beside, discard, take_place
from ...media.blobs import Blob
from ...media.writing import LOSSLESS, SMOOTH, video_writer, write_picture
from ..files import listed
from ..shards import members, split_key
from ..source import Sample

ITEM_JSON = "item.json"


class Folder:
    """Finished items in a folder, each with the record of how it was made."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def record(self, name: str) -> dict | None:
        """Returns the record of a finished item; None if there is none."""
        for path in (self.root / name / ITEM_JSON, self.root / f"{name}.{ITEM_JSON}"):
            if path.is_file():
                return json.loads(path.read_text())
        return None

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Gives a folder to write the item's files and its record into; they appear at their place when all are written."""
        part = beside(self.root / name)
        discard(part)
        part.mkdir(parents=True)
        try:
            yield part
        except BaseException:
            discard(part)
            raise
        self.remove(name)
        if (part / ITEM_JSON).is_file():  # a clip is a folder
            take_place(part, self.root / name)
        else:
            for path in sorted(part.iterdir(), key=lambda path: path.suffix == ".json"):  # the record comes last
                take_place(path, self.root / path.name)
            part.rmdir()

    def remove(self, name: str) -> None:
        """Deletes an item, if there is a record of it."""
        if self.record(name) is not None:
            for path in (self.root / f"{name}.{ITEM_JSON}", self.root / f"{name}.png", self.root / f"{name}_densepose.png"):
                path.unlink(missing_ok=True)
            shutil.rmtree(self.root / name, ignore_errors=True)

    def files(self) -> dict[str, dict[str, Blob]]:
        """Lists what a shard would hold: per item, its files by their endings ("video.mp4", "item.json")."""
        items: dict[str, dict[str, Blob]] = {}
        for path in listed(self.root) if self.root.is_dir() else []:
            if path.is_dir():
                items[path.name] = {p.name: Blob(p.name, p) for p in listed(path)}
            else:
                key, ending = split_key(path.name)
                ending = f"densepose.{ending}" if key.endswith("_densepose") else ending
                items.setdefault(key.removesuffix("_densepose"), {})[ending] = Blob(path.name, path)
        return items


class Shards(Folder):
    """Items are staged in a hidden folder; `pack` puts them into WebDataset shards."""

    def __init__(self, root: Path, count: int) -> None:
        """Indexes the `count` shards or fewer that lie in `root`. Raises ValueError for a broken one."""
        super().__init__(root / ".staged")
        self.out, self.count = root, count
        self._packed: dict[str, dict[str, Blob]] = {}
        self._old = sorted(root.glob("*.tar")) if root.is_dir() else []
        for path in self._old:
            for blob in members(path):
                key, ending = split_key(blob.name)
                self._packed.setdefault(key, {})[ending] = blob

    def record(self, name: str) -> dict | None:
        """Returns the record of a staged or packed item; None if there is none."""
        packed = self._packed.get(name, {}).get(ITEM_JSON)
        return super().record(name) or (json.loads(packed.read()) if packed else None)

    def pack(self, names: list[str]) -> None:
        """Writes the items of these names, ordered by name, as `count` shards; empties the staging folder."""
        items = {**self._packed, **self.files()}
        count = min(self.count, len(names))
        blocks = np.array_split(np.array(sorted(names), object), max(1, count))
        paths = [self.out / f"{i:03d}.tar" for i in range(count)]
        unchanged = not self.files() and self._packed.keys() == set(names) and paths == self._old
        if not unchanged and names:
            for path, block in zip(paths, blocks, strict=True):
                _write_tar(beside(path), {name: items[name] for name in block})
            for path in paths:
                take_place(beside(path), path)
            for path in set(self._old) - set(paths):
                path.unlink()
        shutil.rmtree(self.root, ignore_errors=True)


def _write_tar(path: Path, items: dict[str, dict[str, Blob]]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, files in items.items():
            for ending, blob in sorted(files.items()):
                data = blob.read()
                member = tarfile.TarInfo(f"{name}.{ending}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def write_clip(folder: Path, samples: Iterator[Sample], fps: float, exact: bool, record: dict) -> None:
    """Writes video.mp4, densepose.mp4 and the record; poses of `exact` colours are kept to the bit."""
    pictures = video_writer(folder / "video.mp4", fps, *record["size"], SMOOTH)
    poses = video_writer(folder / "densepose.mp4", fps, *record["size"], LOSSLESS if exact else SMOOTH)
    with pictures as write_image, poses as write_pose:
        for sample in samples:
            for image, pose in zip(*sample, strict=True):
                write_image(image)
                write_pose(pose)
    (folder / ITEM_JSON).write_text(json.dumps(record, indent=1))


def write_still(folder: Path, name: str, sample: Sample, record: dict) -> None:
    """Writes NAME.png, NAME_densepose.png and the record."""
    for ending, rgb in (("", sample.images[0]), ("_densepose", sample.poses[0])):
        write_picture(folder / f"{name}{ending}.png", rgb)
    (folder / f"{name}.{ITEM_JSON}").write_text(json.dumps(record, indent=1))
