"""One item: which of its frames are kept, whether it is fit for training, and how it is written."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ...media.images import MULTIPLE, check_multiple
from ...media.timing import is_even, nearest, shown
from ...pose.palette import body_share, is_exact, palette_problem, snap, stray_share
from .. import BadItem, Sample, Source, fit_sample
from ..source import item_edges
from .writing import write_clip, write_still

CHECKED = 8  # frames of a clip whose colours are checked
CHUNK = 32  # frames in memory at a time
VISIBLE = 0.002  # share of the picture that a person must cover in the best of these frames


@dataclass(frozen=True, kw_only=True)
class PrepareSettings:
    """How items are prepared. An item is done again when one of these has changed. Raises ValueError for what cannot be."""

    width: int = 512  # pixels
    height: int = 512
    fit: str = "crop"  # as in images.fit_image
    fps: float = 25.0  # 0: as it is
    min_frames: int = 24
    max_frames: int | None = None
    snap: bool = False  # exact colours for every pixel of a pose
    palette_tolerance: float = 0.5  # share of a figure's pixels that may have colours of no body part

    def __post_init__(self) -> None:
        """Raises ValueError for values that cannot be used."""
        for name in ("width", "height"):
            check_multiple(name, getattr(self, name), least=MULTIPLE)
        if self.fps < 0 or self.min_frames < 1 or (self.max_frames or self.min_frames) < self.min_frames:
            raise ValueError(
                f"fps {self.fps}, min_frames {self.min_frames}, max_frames {self.max_frames}; expected fps 0 or more "
                "and 1 <= min_frames <= max_frames."
            )


def resampled(source: Source, item: int, new_fps: float) -> list[int]:
    """Lists the frames of an item that are shown at `new_fps`: the nearest in time; 0: at its own, each once if it has one.

    Raises BadItem.
    """
    fps = source.fps(item)
    if not fps:
        return list(range(source.length(item)))
    edges = item_edges(source, item)
    as_it_is = not new_fps or (abs(fps - new_fps) < 0.01 and is_even(edges, fps))
    return shown(edges, fps) if as_it_is else nearest(edges, new_fps)


def item_file_name(name: str) -> str:
    """Returns a name that is one file's and one WebDataset key: no dots, no slashes, not hidden."""
    return re.sub(r"[^\w-]+", "_", name).lstrip("_") or "item"


def examine(source: Source, item: int, settings: PrepareSettings) -> tuple[list[int], bool, dict]:
    """Returns (frames to keep, whether its poses are exact, record). Raises BadItem for what is not fit for training."""
    name, count, fps = source.name(item), source.length(item), source.fps(item)
    frames = resampled(source, item, settings.fps)[: settings.max_frames]
    rate = settings.fps or fps
    if fps and len(frames) < settings.min_frames:
        raise BadItem(name, f"is too short: {len(frames)} frames at {rate:g} fps, not {settings.min_frames} or more.")
    checked = np.unique(np.linspace(0, len(frames) - 1, CHECKED).round().astype(int))
    seen = source.read(item, [frames[i] for i in checked])
    problem = palette_problem(seen.poses, settings.palette_tolerance)
    if problem and palette_problem(seen.images, settings.palette_tolerance) is None and body_share(seen.images) > VISIBLE:
        problem = "and the video are swapped"
    if problem:
        raise BadItem(name, f"has a bad DensePose: it {problem}.")
    if (visible := max(body_share(pose[None]) for pose in seen.poses)) < VISIBLE:
        raise BadItem(name, f"shows no person: at most {visible:.1%} of its DensePose is a body part.")
    height, width = seen.images.shape[1:3]
    return frames, is_exact(seen.poses), {
        "name": item_file_name(name), "frames": len(frames), "fps": rate if fps else 0.0,
        "size": [settings.width, settings.height],
        "person": round(body_share(seen.poses), 4), "stray": round(stray_share(seen.poses), 4),
        "source": {"name": name, "frames": count, "fps": fps, "size": [width, height]}, "settings": asdict(settings),
    }  # fmt: skip


def prepare_item(source: Source, item: int, settings: PrepareSettings, folder: Path) -> dict:
    """Writes one item's files into a folder and returns its record. Raises BadItem."""
    frames, exact, record = examine(source, item, settings)
    samples = _samples(source, item, frames, settings)
    if record["fps"]:
        write_clip(folder, samples, record["fps"], exact or settings.snap, record)
    else:
        write_still(folder, record["name"], next(samples), record)
    return record


def _samples(source: Source, item: int, frames: list[int], settings: PrepareSettings) -> Iterator[Sample]:
    """Gives the frames as they are written, CHUNK at a time. Raises BadItem."""
    for start in range(0, len(frames), CHUNK):
        sample = source.read(item, frames[start : start + CHUNK])
        if settings.snap:
            sample = sample._replace(poses=snap(sample.poses))
        yield fit_sample(sample, settings.height, settings.width, settings.fit)
