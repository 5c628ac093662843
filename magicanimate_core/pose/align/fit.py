"""Fits a clip to a photo: looks at all frames once, then changes them one by one, so that memory does not grow."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from ...media.densepose import BACKGROUND
from ...media.images import fit_poses
from .draw import redrawn
from .inside import hold_back
from .joints import Body
from .limbs import HEAD
from .looking import Clip, SeenPeople, look, look_at_clip, look_at_one
from .rebuilt import Rebuilt, rebuild, turned
from .similarity import Similarity, from_matches, like, matches, sure_of
from .sizes import from_sizes, stature

NOTHING = "Nothing is changed: "
MATCHED = "from frames in the photo's pose"


@dataclass(frozen=True)
class Alignment:
    """How the frames of a clip are changed, and why so: a text of several lines."""

    map: Similarity
    report: str
    photo: np.ndarray  # (H, W, 3) uint8 at the clip's size
    rebuilt: Rebuilt | None = None  # how limbs get other lengths; None: scale and shift alone

    @property
    def is_nothing(self) -> bool:
        """Whether frames stay as they are."""
        return self.map == Similarity() and self.rebuilt is None

    def apply(self, frame: np.ndarray, number: int | None = None) -> np.ndarray:
        """Returns a frame (H, W, 3) uint8 aligned, with no colour that was not in it; where nothing is to do, itself.

        number: which frame of the clip it is, 0, 1, ...; limbs tremble less where that is known.
        """
        if self.is_nothing:
            return frame
        if self.rebuilt is None:
            return moved(frame, self.map)
        limbs, body, others = look_at_one(frame)
        if body is None:
            return moved(frame, self.map)
        drawn = redrawn(frame, limbs, body, self.rebuilt.maps(body, number))
        return _before(drawn, moved(_only(frame, others), self.map)) if others.any() else drawn


def _only(frame: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A frame (H, W, 3) in which only a mask (H, W) is left."""
    return np.where(mask[..., None], frame, np.array(BACKGROUND, np.uint8))


def _before(front: np.ndarray, back: np.ndarray) -> np.ndarray:
    """One frame (H, W, 3) before another: somebody who passes by keeps the limbs."""
    return np.where((front != BACKGROUND).any(-1, keepdims=True), front, back)


def moved(frame: np.ndarray, map_: Similarity) -> np.ndarray:
    """A frame (H, W, 3) under a similarity, by the nearest pixel; around it the background's colour."""
    height, width = frame.shape[:2]
    columns, rows = (_sources(size, map_.scale, shift) for size, shift in ((width, map_.x), (height, map_.y)))
    out = frame[rows.clip(0, height - 1)[:, None], columns.clip(0, width - 1)[None]]
    out[(rows < 0) | (rows >= height)] = BACKGROUND
    out[:, (columns < 0) | (columns >= width)] = BACKGROUND
    return out


def _sources(size: int, scale: float, shift: float) -> np.ndarray:
    """Which old pixel every new one shows, along one axis."""
    return np.floor((np.arange(size) + 0.5 - shift) / scale).astype(np.int64)


def fit_alignment(
    frames: Iterable[np.ndarray], photo_pose: np.ndarray, *, strength: float = 1.0, proportions: bool = True,
    tick: Callable[[], None] = lambda: None,
) -> Alignment:  # fmt: skip
    """Finds how a clip fits a photo. tick is called after every frame; what it raises ends the fit.

    frames: (H, W, 3) uint8, in this model's colours, read once. photo_pose: (h, w, 3) uint8, DensePose of the photo, which
    is brought to the clip's size as the photo will be: cropped around its middle. strength: 0 nothing .. 1 all the way.
    Raises ValueError for no frames, and for frames of several sizes.
    """
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ValueError("The pose video has no frames; expected at least one.")
    photo = _sized(photo_pose, *first.shape[:2])
    if not strength:
        return Alignment(Similarity(), NOTHING + "strength is 0.", photo)
    clip = look_at_clip(_again(first, iterator), tick)
    shown = look(photo)
    trouble = _trouble(clip, shown)
    if trouble:
        return Alignment(Similarity(), NOTHING + trouble, photo)
    return _fitted(clip, shown, photo, strength, proportions)


def _again(first: np.ndarray, rest: Iterable[np.ndarray]) -> Iterable[np.ndarray]:
    yield first
    yield from rest


def _sized(photo: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w, 3) -> (height, width, 3)"""
    return fit_poses(torch.from_numpy(np.ascontiguousarray(photo))[None], width, height, "crop")[0].numpy()


def _trouble(clip: Clip | None, photo: SeenPeople) -> str | None:
    """Why nothing can be aligned."""
    if clip is None:
        return "nobody is seen in the pose video."
    if not photo.people:
        return "nobody is seen in the photo's pose."
    if clip.people > 1 and photo.people != clip.people:
        return f"the pose video shows {clip.people} people and the photo {photo.people}: bring the same number together."
    if not clip.apart or (clip.people > 1 and not photo.apart):
        return "the people touch each other all the time and cannot be told apart."
    return None


def _fitted(clip: Clip, shown: SeenPeople, photo: np.ndarray, strength: float, proportions: bool) -> Alignment:
    if shown.people != clip.people:
        shown = look(photo, people=clip.people)
    off, maps = matches(clip.bodies, shown.body)
    anchor, size = _anchor(clip.bodies), (clip.width, clip.height)
    found = from_matches(off, maps, anchor, stature(clip.bodies), clip.bodies)
    how = MATCHED if found else "from the sizes seen over the whole clip"
    found = found or from_sizes(clip.bodies, shown.body, turned(clip, shown))
    if found is None:
        return Alignment(Similarity(), NOTHING + "too little of head and torso is seen in both to compare sizes.", photo)
    held = found if found == Similarity() else hold_back(found, clip.bodies, shown.body, size, anchor)
    limbs = rebuild(clip, shown, held, like(off), sure_of(off)) if proportions else "proportions is off"
    fits = held.about(clip.height, anchor)
    if fits and isinstance(limbs, str):
        return Alignment(Similarity(), NOTHING + f"the clip fits already; limbs keep their lengths, as {limbs}.", photo)
    part = held.part(strength, anchor)
    lines = _words(clip, shown, part, how)
    if found != held:
        lines.append("Held back, so that nobody leaves the frame and no cut of the clip shows inside the picture.")
    if isinstance(limbs, str):
        return Alignment(part, "\n".join([*lines, f"Limbs keep the clip's lengths: {limbs}."]), photo)
    rebuilt = limbs.part(strength, anchor).steadied(clip)
    return Alignment(part, "\n".join([*lines, f"Limbs: {limbs.bones.words}."]), photo, rebuilt)


def _anchor(bodies: Body) -> np.ndarray:
    """The middle of the neck (or of all boxes) over the clip, (2,)."""
    necks = bodies.start[:, HEAD]
    necks = necks[np.isfinite(necks).all(-1)]
    boxes = bodies.box[np.isfinite(bodies.box).all(-1)]
    return np.median(necks, 0) if len(necks) else np.median((boxes[:, :2] + boxes[:, 2:]) / 2, 0)


def _words(clip: Clip, shown: SeenPeople, map_: Similarity, how: str) -> list[str]:
    """What is done, in lines."""
    lines = [f"Scale {map_.scale:.3f}, shift {map_.x:+.1f}, {map_.y:+.1f} pixels, {how}."]
    if shown.people > clip.people or clip.people > 1:
        lines.append(f"People: {clip.people} in the clip, {shown.people} in the photo.")
    return lines
