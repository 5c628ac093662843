"""What all rows animate, as files: photo, pose video, true frames, to the pixel as the source has them."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ...data import BadItem, DancerClips, Source, fit_sample, open_source
from ...data.source import Sample
from ...disk import whole
from ...media.densepose import paint
from ...media.images import target_size
from ...media.writing import LOSSLESS, video_writer, write_picture
from ...options import Settings
from .config import CaseData

FRAMES_READ = 16  # at once
SET_RECORD = "set.json"


class AblationCase(NamedTuple):
    """A clip of the set, and where its files are; `person` only where it is known which pixels the person covers."""

    name: str
    frames: int
    reference: Path
    reference_pose: Path
    pose: Path
    true: Path
    person: Path | None


class FoundClip(NamedTuple):
    """A clip of a source that was looked at."""

    number: int
    name: str
    frames: int
    width: int
    height: int
    fps: float


def write_set(data: CaseData, settings: Settings, folder: Path) -> list[AblationCase]:
    """Writes what is not there yet; returns the cases. The frames' size is that of `settings`, or each clip's own.

    Raises ValueError for data that cannot be used, before anything is written, and for a folder with another set.
    """
    source = open_source(data.clips, height=settings.height or 512, width=settings.width or 512)
    items = list(_items(source, data, settings))
    record = {**asdict(data), "fit": settings.fit, "clips_found": [list(item) for item in items]}
    _check_record(folder / SET_RECORD, json.loads(json.dumps(record)))
    cases = []
    for item in items:
        case = _case(folder, item, isinstance(source, DancerClips))
        _write(source, item, case, data.reference, settings.fit)
        cases.append(case)
    return cases


def _items(source: Source, data: CaseData, settings: Settings) -> Iterator[FoundClip]:
    """Looks at every clip of the set. Raises ValueError for what is none or cannot be read."""
    names: set[str] = set()
    for number in range(min(len(source), data.items or len(source))):
        name = source.name(number).replace("/", "_")
        try:
            length, fps = source.length(number), source.fps(number)
            frames = min(length, data.frames or length)
            if not fps or frames < 2:
                raise ValueError(f"data.clips: {name} is a single picture; expected clips of 2 frames or more.")
            if data.reference >= length:
                raise ValueError(f"data.reference is {data.reference}, but {name} has {length} frames, from 0 on.")
            first = torch.from_numpy(source.read(number, [0]).images)  # (1, H, W, 3)
        except BadItem as error:
            raise ValueError(f"data.clips: {error}") from error
        if name in names:
            raise ValueError(f"data.clips has two clips of the name {name}; keep one.")
        names.add(name)
        yield FoundClip(number, name, frames, *target_size(settings.width, settings.height, first), float(fps))


def _check_record(path: Path, record: dict) -> None:
    """Notes what the set is of. Raises ValueError where the folder holds another one."""
    if path.is_file():
        if json.loads(path.read_text()) != record:
            raise ValueError(f"{path.parent} was made of other data; give another --out, or delete {path.parent.parent}.")
        return
    with whole(path) as part:
        part.write_text(json.dumps(record, indent=1))


def _case(folder: Path, item: FoundClip, drawn: bool) -> AblationCase:
    def place(role: str, ending: str = "mp4") -> Path:
        return folder / role / f"{item.name}.{ending}"

    return AblationCase(
        name=item.name,
        frames=item.frames,
        reference=place("reference", "png"),
        reference_pose=place("reference_pose", "png"),
        pose=place("pose"),
        true=place("true"),
        person=place("person") if drawn else None,
    )


def _write(source: Source, item: FoundClip, case: AblationCase, reference: int, fit: str) -> None:
    """Writes a clip's files that are not there. Raises ValueError for frames that cannot be read."""
    for path in filter(None, (case.reference, case.reference_pose, case.pose, case.true, case.person)):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not (case.reference.is_file() and case.reference_pose.is_file()):
            photo, poses = _photo(source, item, reference, fit)
            write_picture(case.reference, photo)
            write_picture(case.reference_pose, poses)
        if not case.true.is_file():
            _write_video(case.true, item, (sample.images for sample in _samples(source, item, fit)))
        if not case.pose.is_file():
            _write_video(case.pose, item, (sample.poses for sample in _samples(source, item, fit)))
        if case.person and not case.person.is_file():
            _write_video(case.person, item, _people(source, item))
    except BadItem as error:
        raise ValueError(f"data.clips: {error}") from error


def _photo(source: Source, item: FoundClip, reference: int, fit: str) -> tuple[np.ndarray, np.ndarray]:
    """The photo of a clip and its DensePose, (H, W, 3) uint8: a drawn dancer in another motion, else a frame of the clip."""
    if isinstance(source, DancerClips):
        frame = source.apart(item.number)
        sample = Sample(frame.image[None], paint(frame.parts)[None])
    else:
        sample = source.read(item.number, [reference])
    images, poses = fit_sample(sample, item.height, item.width, fit)
    return images[0], poses[0]


def _chunks(item: FoundClip) -> Iterator[range]:
    return (range(first, min(first + FRAMES_READ, item.frames)) for first in range(0, item.frames, FRAMES_READ))


def _samples(source: Source, item: FoundClip, fit: str) -> Iterator[Sample]:
    """A clip in pieces, at its size."""
    return (fit_sample(source.read(item.number, frames), item.height, item.width, fit) for frames in _chunks(item))


def _people(source: DancerClips, item: FoundClip) -> Iterator[np.ndarray]:
    """Where the person is in the photo or in a frame, white on black, (F, H, W, 3) uint8."""
    photo = source.apart(item.number).mask  # (H, W)
    for frames in _chunks(item):
        region = source.people(item.number, frames) | photo  # (F, H, W)
        yield np.repeat(region[..., None].astype(np.uint8) * 255, 3, axis=-1)


def _write_video(path: Path, item: FoundClip, chunks: Iterator[np.ndarray]) -> None:
    """Writes frames (F, H, W, 3) uint8, piece by piece."""
    with video_writer(path, item.fps, item.width, item.height, LOSSLESS) as write:
        for chunk in chunks:
            for frame in chunk:
                write(frame)
