"""Joints of drawn dancers as MediaPipe would tell them, and the true parts of the same dancers."""

from typing import NamedTuple

import numpy as np

from ..bodies.landmarks import BODY_JOINTS, BodyJoint
from ..dancers import clip
from ..dancers.body.motions import motion
from ..dancers.body.people import person
from ..dancers.body.skeleton import Pose, Segment, coco_joints, posed_bones
from ..dancers.world import FINENESS, FPS

SIDE = 256
COCO = (
    "NOSE", "LEFT_EYE", "RIGHT_EYE", "LEFT_EAR", "RIGHT_EAR", "LEFT_SHOULDER", "RIGHT_SHOULDER", "LEFT_ELBOW", "RIGHT_ELBOW",
    "LEFT_WRIST", "RIGHT_WRIST", "LEFT_HIP", "RIGHT_HIP", "LEFT_KNEE", "RIGHT_KNEE", "LEFT_ANKLE", "RIGHT_ANKLE",
)  # fmt: skip


class DrawnDancer(NamedTuple):
    """A frame (SIDE, SIDE): its parts, and joints (33, 3) of the one in it."""

    parts: np.ndarray
    joints: np.ndarray


def dancer(number: int, frame: int) -> DrawnDancer:
    """Returns a frame of a held-out dancer."""
    drawn = clip(number, "held_out", frames=frame + 1, height=SIDE, width=SIDE)
    bones = posed_bones(motion(number, "held_out").pose(frame / FPS), person(number, "held_out").bones)
    return DrawnDancer(drawn.frame(frame).parts, landmarks(bones, drawn.camera))


def standing(**pose) -> np.ndarray:
    """Returns joints (33, 3) of somebody who stands in the middle of the picture, in a pose."""
    camera = clip(0, "held_out", frames=1, height=SIDE, width=SIDE).camera
    camera = type(camera)(0.8 * SIDE * FINENESS, 0.5 * SIDE * FINENESS, 0.95 * SIDE * FINENESS)
    return landmarks(posed_bones(Pose(**pose), person(0, "held_out").bones), camera)


def landmarks(bones: dict[str, Segment], camera) -> np.ndarray:
    """Bones in a camera as joints (33, 3)."""
    out, scale = np.zeros((BODY_JOINTS, 3)), camera.scale / FINENESS
    for name, (x, y, depth) in zip(COCO, coco_joints(bones, camera), strict=True):
        out[BodyJoint[name]] = x / FINENESS, -y / FINENESS, depth * scale
    for number, side in enumerate(("LEFT", "RIGHT")):
        hand, foot = bones[f"hand{number}"], bones[f"foot{number}"]
        ends = {"INDEX": hand.end, "PINKY": hand.end, "HEEL": foot.start, "TOE": foot.end}
        for name, point in ends.items():
            x, y, _ = camera.project(point)
            out[BodyJoint[f"{side}_{name}"]] = x / FINENESS, -y / FINENESS, point[2] * scale
    return out
