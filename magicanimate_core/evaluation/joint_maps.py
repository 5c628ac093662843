"""Where the joints of a frame are: heat maps from the pose network, and the peaks in them."""

from typing import Literal

import cv2
import numpy as np
import torch
from scipy.ndimage import generate_binary_structure, maximum_filter
from torch import nn

from .joints import NOT_FOUND
from .networks.watching import watching

JOINTS = (
    "nose", "neck",
    "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow", "left wrist",
    "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle",
    "right eye", "left eye", "right ear", "left ear",
)  # fmt: skip
OTHER_SIDE = {"right": "left", "left": "right"}
MIRRORED_JOINTS = [JOINTS.index(" ".join(OTHER_SIDE.get(word, word) for word in name.split())) for name in JOINTS]

SHORTER_SIDE, STRIDE = 368, 8  # pixels that the network sees, and pixels to a place of its maps
THRESHOLD = 0.1
REACH = 2  # pixels within which a peak moves to the largest value
Which = Literal["disco", "strongest"]


def find_joints(net: nn.Module, frame: np.ndarray, which: Which = "disco") -> np.ndarray:
    """Returns (18, 2): x, y in whole pixels, (-1, -1) where not found. frame: (H, W, 3) uint8, red first."""
    return joints_of_maps(joint_maps(net, frame), which)


def joint_maps(net: nn.Module, frame: np.ndarray) -> np.ndarray:
    """Returns (H, W, 18): how likely each joint is at each pixel, the mean of the frame's and its mirror image's maps."""
    bgr = np.ascontiguousarray(frame[..., ::-1])
    straight, mirrored = (_maps(net, np.ascontiguousarray(image)) for image in (bgr, bgr[:, ::-1]))
    return (straight + mirrored[:, ::-1][..., MIRRORED_JOINTS]) / 2


def _maps(net: nn.Module, bgr: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W, 18) float64."""
    scale = SHORTER_SIDE / min(bgr.shape[:2])
    seen = cv2.resize(bgr, None, fx=scale, fy=scale)
    height, width = seen.shape[:2]
    padded = np.pad(seen, ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0)))  # right and below
    image = torch.from_numpy((padded.astype(np.float32) / 256 - 0.5).transpose(2, 0, 1))[None]
    with watching():
        maps = net(image.to(next(net.parameters()).device))[0, : len(JOINTS)].cpu().numpy()
    maps = np.ascontiguousarray(maps.transpose(1, 2, 0))  # (h, w, 18)
    maps = cv2.resize(maps, None, fx=STRIDE, fy=STRIDE, interpolation=cv2.INTER_CUBIC)[:height, :width]
    return cv2.resize(maps, (bgr.shape[1], bgr.shape[0]), interpolation=cv2.INTER_CUBIC).astype(np.float64)


def joints_of_maps(maps: np.ndarray, which: Which = "disco") -> np.ndarray:
    """Returns (18, 2): x, y of each joint in heat maps (H, W, 18), (-1, -1) where no value is above 0.1.

    which: of several peaks, "disco" takes the lowest in the image, then the rightmost, since in the published tables a
    later peak overwrites an earlier one; "strongest" the highest.
    """
    joints = np.full((maps.shape[2], 2), NOT_FOUND)
    for joint in range(maps.shape[2]):
        peaks = _peaks(maps[..., joint])
        if peaks:
            y, x = peaks[-1] if which == "disco" else max(peaks, key=lambda place: maps[(*place, joint)])
            joints[joint] = x, y
    return joints


def _peaks(heat: np.ndarray) -> list[tuple[int, int]]:
    """Places y, x of local maxima among four neighbours, from the top, each moved to the largest value near it."""
    highest = maximum_filter(heat, footprint=generate_binary_structure(2, 1)) == heat
    return [_refined(heat, int(y), int(x)) for y, x in np.argwhere(highest & (heat > THRESHOLD))]


def _refined(heat: np.ndarray, y: int, x: int) -> tuple[int, int]:
    top, left = max(0, y - REACH), max(0, x - REACH)
    patch = heat[top : y + REACH + 1, left : x + REACH + 1]
    down, right = np.unravel_index(patch.argmax(), patch.shape)
    return top + int(down), left + int(right)
