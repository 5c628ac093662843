"""Jobs whose frames come from the photo's pixels: the photo repeated, or its limbs moved."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..media.clip import PoseClip
from ..media.images import fit_poses, to_levels
from ..media.pictures import read_photo
from ..media.reading import open_video
from ..method.baselines import WARP
from ..pipeline.latents import to_pixels
from ..pose.colours import check_colours
from ..pose.warping import Warp
from .job import Job

SAME_RATIO = 0.03  # of a ratio of sides: rounded to whole pixels, or to multiples of 8


def moved_pixels(job: Job, clip: PoseClip, photo: Tensor) -> Iterator[np.ndarray]:
    """Gives a frame (H, W, 3) uint8 for every one of the clip. photo: (1, 3, H, W) in [0, 1].

    Raises, before the first, Unreadable and ValueError for a pose of the photo that cannot be used.
    """
    picture = to_pixels(photo)[0]  # (H, W, 3)
    if job.animator.method != WARP:
        return (picture for _ in range(len(clip)))
    warp = Warp(picture, _photo_pose(job, clip))
    return (warp(to_pixels(clip([i]))[0]) for i in range(len(clip)))


def _photo_pose(job: Job, clip: PoseClip) -> np.ndarray:
    """The DensePose of the photo, (H, W, 3) uint8, at the clip's size, as the photo is; of a video the first frame.

    Raises Unreadable, and ValueError for other colours, or proportions that are not the photo's.
    """
    video = open_video(job.reference_pose)
    pose = torch.from_numpy(video.read(video.shown[:1])[0])[None]  # (1, H, W, 3) uint8
    check_colours(pose.float() / 255, f"reference pose {job.reference_pose}")
    (height, width), (high, wide) = pose.shape[1:3], read_photo(job.reference).shape[1:3]
    if abs(math.log(width * high / (height * wide))) > SAME_RATIO:
        raise ValueError(
            f"reference pose {job.reference_pose} is {width} x {height} pixels, the photo {wide} x {high}; expected the "
            "same proportions, as it shows the photo's people where they are."
        )
    return to_levels(fit_poses(pose, clip.width, clip.height, job.settings.fit)[0] / 255)
