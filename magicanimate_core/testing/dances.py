"""Drawn dancers whose truth is known: one dance by several bodies, before several cameras, as DensePose frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

from ..dancers import DrawnClip
from ..dancers.body.motions import motion
from ..dancers.body.people import Person, person
from ..dancers.body.skeleton import Camera, Pose
from ..dancers.world import FINENESS
from ..media.densepose import BACKGROUND, paint
from ..pose.align.looking import look
from ..pose.align.similarity import points

Shot = tuple[float, float, float]  # how tall a body height is, x of its middle, y of the floor; in heights of the picture
WHOLE, SMALL, ASIDE, HALF = (0.9, 0.5, 0.95), (0.7, 0.4, 0.9), (0.8, 0.6, 0.93), (1.7, 0.5, 1.8)
LONG_BODY = {
    "thigh": 0.85, "shin": 0.85, "hip_height": 0.86, "torso": 1.15, "upper_arm": 0.85, "lower_arm": 0.85, "head": 1.15,
}  # fmt: skip
LONG_LEGS = {"thigh": 1.1, "shin": 1.1, "hip_height": 1.1, "torso": 0.85, "upper_arm": 1.15, "lower_arm": 1.15, "head": 0.9}
SEAT = 0.24  # body heights that the hips come down
KNEES = (0.03, 0.2, 0.0)  # of feet: outwards, forward, lift


@dataclass(frozen=True)
class Dance:
    """A dance (a number of the held-out split), maybe turned round or on a chair."""

    number: int
    back: bool = False
    sits: bool = False

    def pose(self, seconds: float) -> Pose:
        """Returns the pose at a time."""
        pose = motion(self.number, "held_out").pose(seconds)
        if self.back:
            pose.yaw += np.pi
        if self.sits:
            pose.pelvis = np.array([0.3 * pose.pelvis[0], SEAT + 0.2 * pose.pelvis[1], 0.0])
            pose.feet = 0.2 * pose.feet + np.array(KNEES)
        return pose


def draw_dance(
    dance: Dance, who: Person, shot: Shot, *, frames: int = 8, size: int = 128, step: int = 4, first: int = 0
) -> list[np.ndarray]:
    """Returns frames (size, size, 3) uint8 of a dance, every step-th of one at 25 a second, the first after `first`."""
    camera = Camera(*(FINENESS * size * value for value in shot))
    place = SimpleNamespace(light=1.0, background=lambda height, width, floor: np.zeros((height, width, 3), np.uint8))
    drawn = DrawnClip(who, dance, place, camera, first + frames * step, (size, size))
    return [paint(drawn.frame(first + step * i).parts) for i in range(frames)]


def built(number: int, **factors: float) -> Person:
    """Returns a person of the train split with some bones (skeleton.Bones) longer or shorter."""
    who = person(number, "train")
    return replace(who, bones=replace(who.bones, **{bone: getattr(who.bones, bone) * by for bone, by in factors.items()}))


def person_pixels(frame: np.ndarray) -> int:
    """Returns how many pixels of a frame (H, W, 3) are not background."""
    return int((frame != BACKGROUND).any(-1).sum())


def joint_distances(truth: Sequence[np.ndarray], *clips: Sequence[np.ndarray]) -> list[float]:
    """Returns the mean distance of every clip's joints from the truth's, pixels, over the joints that all of them show."""
    wanted = np.stack([_joints(frame) for frame in truth])
    off = np.stack([np.linalg.norm(np.stack([_joints(f) for f in clip]) - wanted, axis=-1) for clip in clips])  # (C, F, J)
    seen = np.isfinite(off).all(0)
    return [float(one[seen].mean()) if seen.any() else float("nan") for one in off]


def _joints(frame: np.ndarray) -> np.ndarray:
    """(2 * LIMBS, 2)"""
    seen = look(frame).body
    return np.full((30, 2), np.nan) if seen is None else points(seen)


def label_change(frames: Sequence[np.ndarray]) -> float:
    """Returns the share of a figure's pixels that change from frame to frame."""
    pairs = zip(frames, frames[1:], strict=False)
    return float(np.mean([(a != b).any(-1).sum() / max(1, person_pixels(a)) for a, b in pairs]))
