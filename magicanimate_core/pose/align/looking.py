"""What is seen of somebody in a frame, and over a clip: joints, how many people, from which side."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from .joints import Body, body, stack
from .kept import Kept, bodies
from .limbs import front_share, limb_map
from .people import figures, heads

PEOPLE = 4  # more are not told apart
SEEN_APART, MOSTLY = (
    0.25,
    0.5,
)  # of the frames that show anybody: in so many people must be seen apart, or their heads be seen


class SeenPeople(NamedTuple):
    """The people of a frame (H, W, 3)."""

    people: int
    body: Body | None  # of the largest one; where several are looked for, the mean of all
    front: float  # share of what tells the side, 0 back .. 1 front
    apart: bool = True  # nobody touches somebody else: only then joints are anybody's


class Clip(NamedTuple):
    """The frames of a clip in which all its people are seen apart."""

    numbers: np.ndarray  # (F,) which frames these are
    height: int
    width: int
    people: int
    bodies: Body  # (F, ...), one a frame
    front: float  # median
    apart: bool  # somebody's joints are known


def look(frame: np.ndarray, people: int | None = None) -> SeenPeople:
    """Looks at a DensePose frame (H, W, 3) uint8. people: whose mean is taken; None: all that are there."""
    limbs = limb_map(frame)
    masks = figures(limbs)
    if not masks:
        return SeenPeople(0, None, float("nan"))
    count = len(masks) if len(masks) > 1 else max(1, heads(np.where(masks[0], limbs, 0)))
    chosen = masks[: people or count]
    found = [body(np.where(mask, limbs, 0)) for mask in chosen]
    apart = len(masks) > 1 or count == 1
    return SeenPeople(min(count, PEOPLE), _mean(found), front_share(frame, np.logical_or.reduce(chosen)), apart)


def look_at_one(frame: np.ndarray) -> tuple[np.ndarray, Body | None, np.ndarray]:
    """Returns the limbs (H, W) of the largest figure of a frame (H, W, 3) uint8, its joints, and where others are, a mask.

    None: nobody is there. The mask is (H, W) bool.
    """
    limbs = limb_map(frame)
    masks = figures(limbs)
    others = np.logical_or.reduce(masks[1:]) & ~masks[0] if len(masks) > 1 else np.zeros(limbs.shape, bool)
    limbs = np.where(others, 0, limbs).astype(np.uint8)
    return limbs, body(np.where(masks[0], limbs, 0)) if masks else None, others


def look_at_clip(frames: Iterable[np.ndarray], tick: Callable[[], None]) -> Clip | None:
    """Looks at frames (H, W, 3) uint8, one after the other; tick is called after each. None: nobody is there.

    How many people there are is one number for the clip: the largest that is seen often enough.
    Raises ValueError for no frames, and for frames of several sizes.
    """
    kept, sizes = Kept(), set()
    for frame in frames:
        sizes.add(frame.shape[:2])
        if len(sizes) > 1:
            raise ValueError(f"The pose video's frames have several sizes ({_sizes(sizes)}); expected one.")
        seen = look(frame)
        kept.append(seen.people, seen.apart, seen.front, seen.body)
        tick()
    if not len(kept):
        raise ValueError("The pose video has no frames; expected at least one.")
    rows = kept.rows()
    return _clip(rows, *sizes.pop()) if rows["people"].any() else None


def _clip(rows: np.ndarray, height: int, width: int) -> Clip:
    """The clip of what was kept of its frames (F,), of which one at least shows somebody."""
    people = _people(rows[rows["people"] > 0])
    counted = np.flatnonzero(rows["people"] == people)
    numbers = counted[rows["apart"][counted]] if rows["apart"][counted].any() else counted
    chosen = rows[numbers]
    front = float(np.nanmedian(chosen["front"])) if np.isfinite(chosen["front"]).any() else float("nan")
    return Clip(numbers, height, width, people, bodies(chosen), front, bool(chosen["apart"][0]))


def _people(rows: np.ndarray) -> int:
    """How many the whole clip shows. An arm before a face makes two heads of one, so heads alone must be seen more often.

    rows: of the frames that show anybody.
    """
    counts, apart = rows["people"], rows["apart"]
    enough = [
        count
        for count in range(2, PEOPLE + 1)
        if ((counts >= count) & apart).mean() >= SEEN_APART or (counts >= count).mean() >= MOSTLY
    ]
    return max(enough, default=1)


def _mean(several: list[Body]) -> Body:
    """One body in the middle of several."""
    if len(several) == 1:
        return several[0]
    all_ = stack(several)
    boxes = [np.concatenate([box[:, :2].min(0), box[:, 2:].max(0)]) for box in (all_.box, all_.core)]
    return Body(all_.start.mean(0), all_.end.mean(0), all_.width.mean(0), all_.cut.any(0), *boxes)


def _sizes(sizes: set[tuple[int, int]]) -> str:
    return ", ".join(f"{width} x {height}" for height, width in sorted(sizes))
