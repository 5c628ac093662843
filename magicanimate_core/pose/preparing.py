"""From any picture of DensePose's parts to a pose video in MagicAnimate's colours, frame by frame, at any length."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from ..media.densepose import AUTO_FORM, paint
from .forms import FORMS, Form, form_looks, see
from .people import people
from .recognition import Recognised, recognise, score
from .snapping import snap as snapped
from .steadying import filled, is_empty, steadied

LOOKED_AT = 32  # frames at the beginning, where the caller shows none that are spread over the clip
UNSURE = 0.6  # of confidence


@dataclass
class PoseReport:
    """What was found and done. Counts are complete when the last frame has come."""

    form: str = ""  # its name; none where a net has found the parts
    words: str = ""  # what came
    confidence: float = 0.0  # 0..1: how well the form explains the frames
    people: int = 0  # at most in a frame; who touch each other count as one
    frames: int = 0
    figure: int = 0  # pixels of body parts, over all frames
    snapped: int = 0  # pixels that got another part than the nearest colour's
    calmed: int = 0  # pixels that flickered
    empty: int = 0  # frames in which nobody was found
    filled: int = 0  # of them, made from their neighbours
    notes: list[str] = field(default_factory=list)

    def share(self, pixels: int) -> float:
        """Returns pixels as a share of the figure's."""
        return pixels / max(1, self.figure)

    def __str__(self) -> str:
        """The report as lines of text."""
        left = self.empty - self.filled
        lines = [
            f"form: {self.words} ({self.form}), confidence {self.confidence:.0%}" if self.form else self.words,
            f"frames: {self.frames}, people: {f'at least {self.people}' if self.people else 'none'}",
            f"snapped: {self.share(self.snapped):.1%} of the figure, calmed: {self.share(self.calmed):.2%}",
            f"frames in which nobody was found: {self.empty}, filled: {self.filled}" + (f", left: {left}" if left else ""),
        ]
        return "\n".join([*lines, *self.notes])


class _Read(NamedTuple):
    """A frame (H, W, 3) and its parts (H, W): by nearest colour, and snapped."""

    rgb: np.ndarray
    nearest: np.ndarray
    parts: np.ndarray


def prepare_poses(
    frames: Iterable[np.ndarray], *, form: str = AUTO_FORM, snap: bool = True, steady: float = 0.5, fill_gaps: bool = True,
    spread: np.ndarray | None = None, report: PoseReport | None = None,
) -> Iterator[np.ndarray]:  # fmt: skip
    """Gives a pose video's frames (H, W, 3) uint8 RGB in this model's colours, one for each that comes.

    form: a name of FORMS, or auto. snap, steady, fill_gaps: as the options. spread: frames (F, H, W, 3) all over the clip
    by which the form is recognised; None: the first 32. report: is filled in as frames go by. A frame that needs nothing
    comes back itself. A few dozen frames are in memory. Raises ValueError, with the first frame, for what holds no parts.
    """
    report = PoseReport() if report is None else report
    frames = iter(frames)
    if spread is None:
        first = list(islice(frames, LOOKED_AT))
        frames, spread = chain(first, frames), np.stack(first) if first else np.zeros((0, 1, 1, 3), np.uint8)
    if not len(spread):
        raise ValueError("pose_video has no frames: connect at least one.")
    found = settle(form, spread)
    _note(report, found, spread)
    return _stream(frames, found.form, snap, steady, fill_gaps, report)


def settle(form: str, spread: np.ndarray) -> Recognised:
    """Returns the form of frames (F, H, W, 3) spread over a clip: the named one, or as recognised. Raises ValueError."""
    return recognise(spread) if form == AUTO_FORM else Recognised(FORMS[form], score(spread, FORMS[form]))


def _note(report: PoseReport, found: Recognised, spread: np.ndarray) -> None:
    """Writes down what the frames that were looked at tell."""
    report.form, report.words, report.confidence = found.form.name, found.form.words, found.confidence
    report.people = max(people(see(found.form, frame).parts) for frame in spread)
    if found.confidence < UNSURE:
        report.notes.append(
            f"unsure: only {found.confidence:.0%} of what was looked at speaks for this form; see the preview"
        )


def _stream(
    frames: Iterator[np.ndarray], form: Form, snap: bool, steady: float, fill_gaps: bool, report: PoseReport
) -> Iterator[np.ndarray]:  # fmt: skip
    """The frames of `prepare_poses`. Each is read once; the maps run ahead of it as far as steadying and gaps need."""
    waiting: deque[_Read] = deque()

    def maps() -> Iterator[np.ndarray]:
        for read in _in_threads(lambda rgb: _read(rgb, form, snap), frames):
            report.snapped += np.count_nonzero(read.parts != read.nearest)
            waiting.append(read)
            yield read.parts

    for parts in mended(maps(), steady=steady, fill_gaps=fill_gaps, report=report):
        yield _painted(waiting.popleft(), parts, _may_stay(form, snap))


def mended(
    maps: Iterable[np.ndarray], *, steady: float = 0.5, fill_gaps: bool = True, report: PoseReport | None = None
) -> Iterator[np.ndarray]:  # fmt: skip
    """Gives part maps (H, W) uint8 of a clip without flicker and without gaps, one for each that comes.

    Arguments as prepare_poses; what it counts is added to the report. Where nothing is to do, a map comes back itself.
    """
    report = PoseReport() if report is None else report
    waiting: deque[np.ndarray] = deque()

    def counted() -> Iterator[np.ndarray]:
        for parts in maps:
            report.frames += 1
            report.figure += np.count_nonzero(parts)
            report.empty += is_empty(parts)
            waiting.append(parts)
            yield parts

    gapless = filled(counted()) if fill_gaps else ((parts, False) for parts in counted())
    for parts in steadied(_counted(gapless, report), steady):
        before = waiting.popleft()
        report.calmed += 0 if is_empty(before) else np.count_nonzero(parts != before)
        yield parts


def converted(frames: np.ndarray, form: Form, snap: bool) -> np.ndarray:
    """Returns frames (F, H, W, 3) of a form in this model's colours, each by itself: the same as prepare_poses, unmended."""
    reads = [_read(rgb, form, snap) for rgb in frames]
    return np.stack([_painted(read, read.parts, _may_stay(form, snap)) for read in reads])


def _counted(maps: Iterable[tuple[np.ndarray, bool]], report: PoseReport) -> Iterator[np.ndarray]:
    """Maps without their marks, which are counted."""
    for parts, made in maps:
        report.filled += made
        yield parts


def _read(rgb: np.ndarray, form: Form, snap: bool) -> _Read:
    """What a frame (H, W, 3) shows."""
    seen = see(form, rgb)
    return _Read(rgb, seen.parts, snapped(rgb, seen, form_looks(form.name)) if snap and not seen.exact else seen.parts)


def _may_stay(form: Form, snap: bool) -> bool:
    """Whether colours stay as they come where nothing has changed."""
    return form.is_ours and not snap


def _painted(read: _Read, parts: np.ndarray, keep: bool) -> np.ndarray:
    """A map (H, W) in this model's colours. keep: where nothing has changed, the frame's own pixels stay."""
    if not keep:
        return paint(parts)
    changed = parts != read.nearest
    return np.where(changed[..., None], paint(parts), read.rgb) if changed.any() else read.rgb


def _in_threads(work: Callable[[np.ndarray], _Read], frames: Iterator[np.ndarray]) -> Iterator[_Read]:
    """Does the work on frames, in order, a few at a time."""
    workers = min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        begun = deque(pool.submit(work, frame) for frame in islice(frames, 2 * workers))
        while begun:
            done = begun.popleft().result()
            begun.extend(pool.submit(work, frame) for frame in islice(frames, 1))
            yield done
