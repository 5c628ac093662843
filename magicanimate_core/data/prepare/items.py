"""One item: which of its frames are kept, whether it is fit for training, and how it is written."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ...media.densepose import AUTO_FORM, OUR_FORM, POSE_FORMS
from ...media.images import MULTIPLE, check_multiple
from ...media.timing import is_even, nearest, shown
from ...pose.forms import FORMS, Form
from ...pose.palette import body_share, is_exact, palette_problem, stray_share
from ...pose.preparing import converted
from ...pose.recognition import score, tell
from .. import BadItem, Sample, Source, fit_sample
from ..source import item_edges
from .writing import write_clip, write_still

CHECKED = 8  # frames of a clip whose colours are checked
FRAMES_AT_ONCE = 32  # frames in memory at a time
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
    form: str = OUR_FORM  # the colours that poses come in, as the option of Prepare Pose Video
    snap: bool = False  # exact colours for every pixel of a pose
    palette_tolerance: float = 0.5  # share of a figure's pixels that may have colours of no body part, in its form

    def __post_init__(self) -> None:
        """Raises ValueError for values that cannot be used."""
        for name in ("width", "height"):
            check_multiple(name, getattr(self, name), least=MULTIPLE)
        if self.form not in (AUTO_FORM, *POSE_FORMS):
            raise ValueError(f"form is {self.form}; expected one of {', '.join((AUTO_FORM, *POSE_FORMS))}.")
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


def examine(source: Source, item: int, settings: PrepareSettings) -> tuple[list[int], Form, bool, dict]:
    """Returns (frames to keep, form of its poses, whether these are or get exact, record).

    Raises BadItem for what is not fit for training.
    """
    name, count, fps = source.name(item), source.length(item), source.fps(item)
    frames = resampled(source, item, settings.fps)[: settings.max_frames]
    rate = settings.fps or fps
    if fps and len(frames) < settings.min_frames:
        raise BadItem(name, f"is too short: {len(frames)} frames at {rate:g} fps, not {settings.min_frames} or more.")
    checked = np.unique(np.linspace(0, len(frames) - 1, CHECKED).round().astype(int))
    seen = source.read(item, [frames[i] for i in checked])
    form, problem = _form(seen, settings)
    if problem:
        raise BadItem(name, f"has a bad DensePose: it {problem}.")
    seen = _converted(seen, form, snap=False)
    if (visible := max(body_share(pose[None]) for pose in seen.poses)) < VISIBLE:
        raise BadItem(name, f"shows no person: at most {visible:.1%} of its DensePose is a body part.")
    height, width = seen.images.shape[1:3]
    return frames, form, is_exact(seen.poses), {
        "name": item_file_name(name), "frames": len(frames), "fps": rate if fps else 0.0,
        "size": [settings.width, settings.height],
        "person": round(body_share(seen.poses), 4), "stray": round(stray_share(seen.poses), 4),
        "source": {"name": name, "frames": count, "fps": fps, "size": [width, height]}, "settings": asdict(settings),
    } | ({} if form.is_ours else {"form": form.name})  # fmt: skip


def _form(seen: Sample, settings: PrepareSettings) -> tuple[Form, str | None]:
    """The form of the frames that are looked at, and what is wrong with them, a clause; None for nothing."""
    ours, tolerance = FORMS[OUR_FORM], settings.palette_tolerance
    if settings.form not in (OUR_FORM, AUTO_FORM):
        form = FORMS[settings.form]
        return form, _unlike(form, score(seen.poses, form), tolerance)
    problem = palette_problem(seen.poses, tolerance)
    if problem is None:
        return ours, None
    if palette_problem(seen.images, tolerance) is None and body_share(seen.images) > VISIBLE:
        return ours, "and the video are swapped"
    found, _ = tell(seen.poses)
    if found is None or found.form.is_ours:
        return ours, problem
    if settings.form == AUTO_FORM:
        return found.form, _unlike(*found, tolerance)
    return ours, f"{problem}, or --form {AUTO_FORM} here"


def _unlike(form: Form, confidence: float, tolerance: float) -> str | None:
    """What is wrong with frames that a form explains so well; None for nothing."""
    if confidence >= 1 - tolerance:
        return None
    return f"is not surely {form.words}: confidence {confidence:.0%}, expected {1 - tolerance:.0%} and more"


def _converted(sample: Sample, form: Form, snap: bool) -> Sample:
    """A sample with its poses in this model's colours."""
    return sample._replace(poses=converted(sample.poses, form, snap)) if snap or not form.is_ours else sample


def prepare_item(source: Source, item: int, settings: PrepareSettings, folder: Path) -> dict:
    """Writes one item's files into a folder and returns its record. Raises BadItem."""
    frames, form, exact, record = examine(source, item, settings)
    samples = _samples(source, item, frames, form, settings)
    if record["fps"]:
        write_clip(folder, samples, record["fps"], exact or settings.snap, record)
    else:
        write_still(folder, record["name"], next(samples), record)
    return record


def _samples(source: Source, item: int, frames: list[int], form: Form, settings: PrepareSettings) -> Iterator[Sample]:
    """Gives the frames as they are written, FRAMES_AT_ONCE at a time. Raises BadItem."""
    for start in range(0, len(frames), FRAMES_AT_ONCE):
        sample = _converted(source.read(item, frames[start : start + FRAMES_AT_ONCE]), form, settings.snap)
        yield fit_sample(sample, settings.height, settings.width, settings.fit)
