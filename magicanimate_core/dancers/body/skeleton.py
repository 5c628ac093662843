"""A 3-D body: joints and limb orientations from pose and proportions, and their projection onto the picture.

Axes: x to the person's left, y up, z forward; unit: body heights. A person with yaw 0 looks into the camera, so
the picture's right is the person's left. Rows of side-dependent arrays: 0 left, 1 right.
"""

from dataclasses import dataclass, field

import numpy as np

SIDES = (1.0, -1.0)  # sign of x: left, right
PERSPECTIVE = 0.16  # how much larger a body height in front of the floor's origin appears


@dataclass
class Pose:
    """Angles in radians, lengths in body heights."""

    yaw: float = 0.0
    pelvis: np.ndarray = field(default_factory=lambda: np.zeros(3))  # shift x, drop, jump
    hips: np.ndarray = field(default_factory=lambda: np.zeros(2))  # roll, twist of the pelvis
    spine: np.ndarray = field(default_factory=lambda: np.zeros(3))  # lean forward, bend to the left, twist
    head: np.ndarray = field(default_factory=lambda: np.zeros(3))  # nod, tilt, turn
    arms: np.ndarray = field(default_factory=lambda: np.tile([0.0, 0.15, 0.0, 0.2], (2, 1)))  # swing, raise, twist, elbow
    feet: np.ndarray = field(default_factory=lambda: np.tile([0.075, 0.0, 0.0], (2, 1)))  # outwards, forward, lift


@dataclass
class Bones:
    """Lengths in body heights."""

    hip_height: float = 0.50
    hip_width: float = 0.052
    thigh: float = 0.235
    shin: float = 0.235
    torso: float = 0.325
    shoulder_width: float = 0.112
    upper_arm: float = 0.158
    lower_arm: float = 0.140
    hand: float = 0.075
    foot: float = 0.105
    neck: float = 0.038
    head: float = 0.145


@dataclass
class Segment:
    """A bone in space: two ends (3,) and its rotation (3, 3), whose columns are the bone's own left, up and front."""

    start: np.ndarray
    end: np.ndarray
    turn: np.ndarray


def rotation(axis: int, angle: float) -> np.ndarray:
    """Returns the rotation (3, 3) about x, y or z."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out = np.eye(3)
    out[i, i], out[i, j], out[j, i], out[j, j] = c, -s, s, c
    return out


def _leg(hip: np.ndarray, ankle: np.ndarray, pole: np.ndarray, bones: Bones) -> tuple[np.ndarray, np.ndarray]:
    """Knee and ankle (3,) of a leg that reaches from hip to ankle and bends towards the pole."""
    a, b = bones.thigh, bones.shin
    way = ankle - hip
    distance = float(np.clip(np.linalg.norm(way), abs(a - b) + 1e-3, (a + b) * 0.999))
    way = way / np.linalg.norm(way)
    along = (a * a - b * b + distance * distance) / (2 * distance)
    side = pole - way * (pole @ way)
    side /= np.linalg.norm(side)
    return hip + way * along + side * np.sqrt(max(a * a - along * along, 0.0)), hip + way * distance


def aim(start: np.ndarray, end: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Returns the rotation (3, 3) of a hanging limb: up from end to start, front as near to `front` as can be; (3,) each."""
    up = (start - end) / np.linalg.norm(start - end)
    front = front - up * (front @ up)
    front /= np.linalg.norm(front)
    left = up[[1, 2, 0]] * front[[2, 0, 1]] - up[[2, 0, 1]] * front[[1, 2, 0]]
    return np.array([left, up, front]).T


def _legs(pose: Pose, bones: Bones, ground: np.ndarray, pelvis: np.ndarray, middle: np.ndarray) -> dict[str, Segment]:
    """Rotations (3, 3) of the whole body and of the pelvis, and the pelvis' middle (3,) -> legs and feet by name."""
    out = {}
    for side, sign in enumerate(SIDES):
        outwards, forward, lift = pose.feet[side]
        hip = middle + pelvis @ np.array([sign * bones.hip_width, 0.0, 0.0])
        ankle = ground @ np.array([sign * outwards, 0.045 + lift + pose.pelvis[2], forward])
        pole = ground @ np.array([sign * (0.15 + 1.2 * abs(outwards)), 0.1, 1.0])
        knee, ankle = _leg(hip, ankle, pole, bones)
        out[f"upper_leg{side}"] = Segment(hip, knee, aim(hip, knee, pole))
        out[f"lower_leg{side}"] = Segment(knee, ankle, aim(knee, ankle, pole))
        drop = min(0.8, 5.0 * (lift + pose.pelvis[2]))
        turn = ground @ rotation(1, sign * 0.35) @ rotation(0, drop)
        out[f"foot{side}"] = Segment(ankle + turn @ [0, -0.018, -0.02], ankle + turn @ [0, -0.03, bones.foot], turn)
    return out


def _arms(pose: Pose, bones: Bones, chest: np.ndarray, neck: np.ndarray) -> dict[str, Segment]:
    """The chest's rotation (3, 3) and the foot of the neck (3,) -> arms and hands by name."""
    out = {}
    for side, sign in enumerate(SIDES):
        swing, lift, twist, elbow = pose.arms[side]
        shrug = 0.025 * np.clip(lift - 0.6, 0, 1.5)
        shoulder = neck + chest @ np.array([sign * (bones.shoulder_width - 0.008 - 0.5 * shrug), -0.043 + shrug, 0.0])
        turn = chest @ rotation(2, sign * lift) @ rotation(0, -swing) @ rotation(1, sign * twist)
        bend = turn @ rotation(0, -elbow)
        wrist_turn = bend @ rotation(0, -0.15)
        joint = shoulder - turn[:, 1] * bones.upper_arm
        wrist = joint - bend[:, 1] * bones.lower_arm
        out[f"upper_arm{side}"] = Segment(shoulder, joint, turn)
        out[f"lower_arm{side}"] = Segment(joint, wrist, bend)
        out[f"hand{side}"] = Segment(wrist, wrist - wrist_turn[:, 1] * bones.hand, wrist_turn)
    return out


def posed_bones(pose: Pose, bones: Bones) -> dict[str, Segment]:
    """Returns all bones of a posed body, by name; left ones end in 0, right ones in 1. The floor is y = 0."""
    ground = rotation(1, pose.yaw)
    roll, twist = pose.hips
    pelvis = ground @ rotation(1, twist) @ rotation(2, roll)
    middle = ground @ [pose.pelvis[0], bones.hip_height - pose.pelvis[1] + pose.pelvis[2], -0.25 * pose.pelvis[1]]
    lean, bend, turn = pose.spine
    chest = ground @ rotation(1, turn) @ rotation(2, -bend) @ rotation(0, lean)
    neck = middle + (0.45 * pelvis[:, 1] + 0.55 * chest[:, 1]) * bones.torso
    nod, tilt, look = pose.head
    face = chest @ rotation(1, look) @ rotation(2, -tilt) @ rotation(0, nod - 0.5 * lean)
    chin = neck + (0.4 * chest[:, 1] + 0.6 * face[:, 1]) * bones.neck + 0.012 * face[:, 2]
    out = {"torso": Segment(middle, neck, aim(neck, middle, pelvis[:, 2] + chest[:, 2]))}
    out["neck"] = Segment(neck - 0.02 * chest[:, 1], chin + 0.03 * face[:, 1], face)
    out["head"] = Segment(chin, chin + face[:, 1] * bones.head, face)
    return out | _legs(pose, bones, ground, pelvis, middle) | _arms(pose, bones, chest, neck)


@dataclass(frozen=True)
class Camera:
    """Weak perspective: `scale` pixels per body height at depth 0, the floor's origin at pixel (x, y)."""

    scale: float
    x: float
    y: float

    def project(self, point: np.ndarray) -> tuple[float, float, float]:
        """Returns x, y in pixels and the local scale in pixels per body height of a point (3,) in body heights."""
        near = self.scale / (1.0 - PERSPECTIVE * float(point[2]))
        x, y, z = (float(v) for v in point)
        return self.x + near * x, self.y - near * y + 0.04 * self.scale * z, near  # the camera looks down a little


def coco_joints(bones: dict[str, Segment], camera: Camera) -> np.ndarray:
    """Returns joints (17, 3) float32: x, y in pixels, depth towards the camera in body heights; COCO's order."""
    head = bones["head"]
    height = float(np.linalg.norm(head.end - head.start))
    places = ((0, 0.38, 0.36), (0.16, 0.52, 0.3), (-0.16, 0.52, 0.3), (0.34, 0.42, 0.0), (-0.34, 0.42, 0.0))
    points = [head.start + height * head.turn @ np.array(place) for place in places]
    for name, at in (("upper_arm", "start"), ("lower_arm", "start"), ("hand", "start")):
        points += [getattr(bones[f"{name}{side}"], at) for side in (0, 1)]
    for name, at in (("upper_leg", "start"), ("lower_leg", "start"), ("lower_leg", "end")):
        points += [getattr(bones[f"{name}{side}"], at) for side in (0, 1)]
    return np.array([(*camera.project(p)[:2], p[2]) for p in points], np.float32)
