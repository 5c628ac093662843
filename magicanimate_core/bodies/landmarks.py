"""Joints of people in a film by MediaPipe's pose landmarker, if its package is installed and its file is there.

Facts: https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker. The file is a bundle, *.task.
"""

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import ModuleType

import numpy as np

SUFFIX = ".task"  # of the bundle; the nets of the other ways are TorchScript
MOST_PEOPLE = 4  # at most so many are looked for
STEP_MS = 40  # between two frames, for MediaPipe's own tracking
BUNDLE = (
    "pose_landmarker_full.task from https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker#models, "
    "with the package mediapipe (pip install mediapipe)"
)


class BodyJoint(IntEnum):
    """MediaPipe's numbers. Left and right are the person's own."""

    NOSE, LEFT_EYE, RIGHT_EYE, LEFT_EAR, RIGHT_EAR = 0, 2, 5, 7, 8
    LEFT_MOUTH, RIGHT_MOUTH, LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_ELBOW, RIGHT_ELBOW = 9, 10, 11, 12, 13, 14
    LEFT_WRIST, RIGHT_WRIST, LEFT_PINKY, RIGHT_PINKY, LEFT_INDEX, RIGHT_INDEX = 15, 16, 17, 18, 19, 20
    LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE, LEFT_ANKLE, RIGHT_ANKLE = 23, 24, 25, 26, 27, 28
    LEFT_HEEL, RIGHT_HEEL, LEFT_TOE, RIGHT_TOE = 29, 30, 31, 32


BODY_JOINTS = 33
Landmarker = Callable[[np.ndarray], list[np.ndarray]]  # a frame (H, W, 3) uint8 RGB -> of everybody (33, 3), as Landmarks


def is_bundle(path: str | Path) -> bool:
    """Whether a file is of this kind, by its name."""
    return str(path).lower().endswith(SUFFIX)


def _mediapipe(name: str) -> ModuleType:
    """The package, for the file `name`. Raises ValueError, with what to do, where it is not there."""
    try:
        import mediapipe as package
    except ImportError as error:
        raise ValueError(
            f"{name} needs the package mediapipe, which cannot be imported ({error}): install it (pip install mediapipe), "
            "or take a DensePose net."
        ) from error
    return package


class Landmarks:
    """Everybody's joints, frame after frame of one clip, on the CPU."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError, and ValueError without the package or for a file that is no such bundle."""
        if not path.is_file():
            raise FileNotFoundError(f"{path.name} is not there; expected {BUNDLE}.")
        self._package, self._frames, self._name = _mediapipe(path.name), 0, path.name
        vision = self._package.tasks.vision
        options = vision.PoseLandmarkerOptions(
            base_options=self._package.tasks.BaseOptions(model_asset_buffer=path.read_bytes()),
            running_mode=vision.RunningMode.VIDEO, num_poses=MOST_PEOPLE,
        )  # fmt: skip
        try:
            self._net = vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise ValueError(f"{path.name} cannot be opened ({_first(error)}); expected {BUNDLE}.") from error

    def __call__(self, frame: np.ndarray) -> list[np.ndarray]:
        """Returns joints (33, 3) float64 of everybody in the next frame (H, W, 3) uint8 RGB.

        x to the right and y up in pixels from the picture's upper left corner, z towards the viewer from the hips, in
        pixels, too. Raises ValueError where the package fails.
        """
        picture = self._package.Image(image_format=self._package.ImageFormat.SRGB, data=np.ascontiguousarray(frame))
        try:
            found = self._net.detect_for_video(picture, self._frames * STEP_MS).pose_landmarks
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{self._name} fails at a frame ({_first(error)}); expected {BUNDLE}.") from error
        self._frames += 1
        height, width = frame.shape[:2]
        return [np.array([(p.x * width, -p.y * height, -p.z * width) for p in person]) for person in found]

    def close(self) -> None:
        """Gives back what the package holds."""
        self._net.close()


def _first(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
