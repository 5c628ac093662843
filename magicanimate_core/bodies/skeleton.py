"""From joints in space to bones that know their front and their left: what a body is drawn from.

Axes and units as in dancers/body/skeleton.py: x to the picture's right, y up, z to the viewer; body heights.
"""

from dataclasses import replace

import numpy as np

from ..dancers.body.people import Person, person
from ..dancers.body.skeleton import Bones, Camera, Segment, aim
from .landmarks import BodyJoint

BOTH_SIDES = ("LEFT", "RIGHT")  # in the order of names that end in 0 and 1
BONES = Bones(head=0.158)
SHOULDERS_DOWN = 0.043  # of a body height, from the foot of the neck
EARS_UP = 0.42  # of the head, from the chin
UNFORESHORTENED = 0.7  # quantile of the bones
LENGTHS = {  # of a body height: what tells how tall somebody is
    ("SHOULDER", "ELBOW"): BONES.upper_arm, ("ELBOW", "WRIST"): BONES.lower_arm, ("HIP", "KNEE"): BONES.thigh,
    ("KNEE", "ANKLE"): BONES.shin, ("SHOULDER", "HIP"): BONES.torso - SHOULDERS_DOWN,
}  # fmt: skip


def whose_body() -> Person:
    """Returns whose body is drawn: no hair, no wide clothes."""
    return replace(
        person(0, "train"), bones=BONES, build=1.08, hip=1.0, shoulder=1.0, hair="bald", top="tank top", bottom="jeans"
    )


class Flat(Camera):
    """What is far looks as large as what is near: joints are in pixels already, so `scale` alone counts."""

    def project(self, point: np.ndarray) -> tuple[float, float, float]:
        """Returns x, y in pixels and the pixels of a body height, of a point (3,) in body heights."""
        return self.scale * float(point[0]), -self.scale * float(point[1]), self.scale


def tall(joints: np.ndarray) -> float:
    """Returns how many pixels a body height is, by joints (33, 3).

    Bones that point to the viewer look short and their depth is a guess: the ones that look longest tell.
    """
    said = [
        np.linalg.norm((_at(joints, side, first) - _at(joints, side, last))[:2]) / length
        for (first, last), length in LENGTHS.items()
        for side in BOTH_SIDES
    ]
    return max(float(np.quantile(said, UNFORESHORTENED)), 1.0)


def bones_of(joints: np.ndarray, height: float) -> dict[str, Segment]:
    """Returns the bones of joints (33, 3) in pixels, as `posed_bones` names them; height: pixels of a body height."""
    joints = joints / height
    shoulders, hips = _middle(joints, "SHOULDER"), _middle(joints, "HIP")
    left = _across(joints, "SHOULDER") + _across(joints, "HIP")
    up = _unit(shoulders - hips)
    front = _unit(np.cross(left, up))
    neck = shoulders + SHOULDERS_DOWN * up
    out = {"torso": Segment(hips, neck, _bone(neck, hips, front).turn)} | _head(joints, neck, up)
    for number, side in enumerate(BOTH_SIDES):
        out |= _arm(joints, side, number, front) | _leg(joints, side, number, front + up)
    return out


def _at(joints: np.ndarray, side: str, name: str) -> np.ndarray:
    return joints[BodyJoint[f"{side}_{name}"]]


def _middle(joints: np.ndarray, name: str) -> np.ndarray:
    return (_at(joints, "LEFT", name) + _at(joints, "RIGHT", name)) / 2


def _across(joints: np.ndarray, name: str) -> np.ndarray:
    return _at(joints, "LEFT", name) - _at(joints, "RIGHT", name)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def _head(joints: np.ndarray, neck: np.ndarray, up: np.ndarray) -> dict[str, Segment]:
    """The neck and the head: ears tell its left, the nose its front."""
    ears, left = _middle(joints, "EAR"), _unit(_across(joints, "EAR"))
    ahead = joints[BodyJoint.NOSE] - ears
    front = _unit(ahead - left * (ahead @ left))
    turn = np.stack([left, np.cross(front, left), front], 1)
    chin = ears - EARS_UP * BONES.head * turn[:, 1]
    return {
        "neck": Segment(neck - 0.02 * up, chin + 0.03 * turn[:, 1], turn),
        "head": Segment(chin, chin + BONES.head * turn[:, 1], turn),
    }


def _arm(joints: np.ndarray, side: str, number: int, front: np.ndarray) -> dict[str, Segment]:
    """An arm: where it bends is its front; where it is straight, the chest's."""
    shoulder, elbow, wrist = (_at(joints, side, name) for name in ("SHOULDER", "ELBOW", "WRIST"))
    upper = _bone(shoulder, elbow, _unit(wrist - elbow) + 0.3 * front)
    lower = _bone(elbow, wrist, upper.turn[:, 2] + upper.turn[:, 1])
    knuckles = (_at(joints, side, "INDEX") + _at(joints, side, "PINKY")) / 2
    hand = _bone(wrist, wrist + BONES.hand * _unit(knuckles - wrist), lower.turn[:, 2])
    return {f"upper_arm{number}": upper, f"lower_arm{number}": lower, f"hand{number}": hand}


def _leg(joints: np.ndarray, side: str, number: int, front: np.ndarray) -> dict[str, Segment]:
    """A leg. front: the pelvis' front and up, so that the top of a thigh that points to the viewer is its front."""
    hip, knee, ankle = (_at(joints, side, name) for name in ("HIP", "KNEE", "ANKLE"))
    upper = _bone(hip, knee, front)
    lower = _bone(knee, ankle, upper.turn[:, 2] - upper.turn[:, 1])
    heel, toe = _at(joints, side, "HEEL"), _at(joints, side, "TOE")
    forward = _unit(toe - heel) if np.linalg.norm(toe - heel) > 1e-4 else lower.turn[:, 2]
    foot = Segment(heel, heel + BONES.foot * 1.15 * forward, _frame(forward, lower.turn[:, 1]))
    return {f"upper_leg{number}": upper, f"lower_leg{number}": lower, f"foot{number}": foot}


def _bone(start: np.ndarray, end: np.ndarray, front: np.ndarray) -> Segment:
    """A bone that hangs from start to end, its front as near to `front` as can be."""
    if np.linalg.norm(end - start) < 1e-4:
        end = start - np.array([0.0, 1e-4, 0.0])
    along = _unit(start - end)
    if np.linalg.norm(np.cross(along, _unit(front))) < 1e-3:  # front says nothing
        front = np.array([0.0, 0.0, 1.0]) + 0.1 * along[[1, 2, 0]]
    return Segment(start, end, aim(start, end, front))


def _frame(front: np.ndarray, up: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) with this front, and up as near to `up` as can be."""
    up = _unit(up - front * (up @ front))
    return np.stack([np.cross(up, front), up, front], 1)
