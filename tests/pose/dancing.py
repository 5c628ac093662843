"""Drawn dancers whose truth is known: the same dance by other bodies before other cameras, as DensePose frames."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pack.magicanimate_core.dancers import clip
from pack.magicanimate_core.dancers.body.people import Person, person
from pack.magicanimate_core.dancers.body.skeleton import Camera
from pack.magicanimate_core.media.densepose import BACKGROUND, paint
from pack.magicanimate_core.pose.align.looking import look
from pack.magicanimate_core.pose.align.similarity import points

SIZE = 128
WHOLE, SMALL, ASIDE = (0.9, 0.5, 0.95), (0.7, 0.4, 0.9), (0.8, 0.6, 0.93)  # cameras: height, x, floor; of the picture
HALF = (1.7, 0.5, 1.8)


def dance(number: int, who: int | Person, camera: tuple[float, float, float], frames: int = 8) -> list:
    """Frames (SIZE, SIZE, 3) uint8 of a dance, every fourth of the clip."""
    drawn = clip(number, "held_out", frames=4 * frames, height=SIZE, width=SIZE)
    drawn._who = who if isinstance(who, Person) else person(who, "train")
    drawn.camera = Camera(*(2 * SIZE * value for value in camera))
    return [paint(drawn.frame(4 * i).parts) for i in range(frames)]


def person_pixels(frame: np.ndarray) -> int:
    return int((frame != BACKGROUND).any(-1).sum())


def joint_error(frames: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> float:
    """Mean distance of the joints that both show, pixels."""
    off = [np.linalg.norm(_joints(a) - _joints(b), axis=-1) for a, b in zip(frames, truth, strict=True)]
    return float(np.nanmean(off))


def _joints(frame: np.ndarray) -> np.ndarray:
    seen = look(frame).body
    return np.full((30, 2), np.nan) if seen is None else points(seen)


def change(frames: Sequence[np.ndarray]) -> float:
    """Pixels that change from frame to frame, by a figure's."""
    pairs = zip(frames, frames[1:], strict=False)
    return float(np.mean([(a != b).any(-1).sum() / max(1, person_pixels(a)) for a, b in pairs]))


def built(number: int, **factors: float) -> Person:
    """A person of the train split with some bones (skeleton.Bones) longer or shorter."""
    who = person(number, "train")
    return replace(who, bones=replace(who.bones, **{bone: getattr(who.bones, bone) * by for bone, by in factors.items()}))
