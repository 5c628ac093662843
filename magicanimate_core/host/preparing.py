"""Prepare Pose Video in the host: its tensors, its progress bar, its cancel."""

from collections.abc import Iterator

import comfy.model_management as mm
import numpy as np
import torch
import torch.nn.functional as F
from comfy.utils import ProgressBar
from torch import Tensor

from ..media.images import check_finite, check_image, to_levels
from ..options import PoseWork
from ..pose.colours import looked_at
from ..pose.preparing import PoseReport, prepare_poses

PREVIEW_FRAMES, PREVIEW_HEIGHT = 4, 192  # frames of the preview, and how high they are


def prepare_pose_video(poses: Tensor, work: PoseWork) -> tuple[Tensor, PoseReport, Tensor]:
    """Returns a pose video (F, H, W, 3) in this model's colours, what was done, and a picture of both (1, h, w, 3).

    Raises ValueError for what is no pose video (F, H, W, 3) in [0, 1], before any frame is worked on.
    """
    check_image(poses, "pose_video")
    check_finite(poses, "pose_video")
    poses, report, bar = poses[..., :3], PoseReport(), ProgressBar(poses.shape[0])
    spread = np.stack([to_levels(poses[number]) for number in looked_at(len(poses))])
    prepared = poses.clone()
    given: dict[int, np.ndarray] = {}
    done = prepare_poses(
        _frames(poses, given), form=work.form, snap=work.snap, steady=work.steady, fill_gaps=work.fill_gaps,
        spread=spread, report=report,
    )  # fmt: skip
    for number, frame in enumerate(done):
        mm.throw_exception_if_processing_interrupted()
        if frame is not given.pop(number):
            prepared[number] = torch.from_numpy(frame).to(prepared) / 255
        bar.update(1)
    return prepared, report, _preview(poses, prepared)


def _frames(poses: Tensor, given: dict[int, np.ndarray]) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 in order; they stay in `given`, by number, until they are taken out."""
    for number, pose in enumerate(poses):
        given[number] = to_levels(pose)
        yield given[number]


def _preview(before: Tensor, after: Tensor) -> Tensor:
    """A few frames as they came, above the same as they are now, (1, h, w, 3)."""
    numbers = sorted({round(i * (len(before) - 1) / (PREVIEW_FRAMES - 1)) for i in range(PREVIEW_FRAMES)})
    width = max(1, round(before.shape[2] * PREVIEW_HEIGHT / before.shape[1]))
    rows = []
    for clip in (before, after):
        frames = clip[numbers].float().movedim(-1, 1)  # (K, 3, H, W)
        small = F.interpolate(frames, (PREVIEW_HEIGHT, width), mode="nearest-exact")
        rows.append(torch.cat(list(small.movedim(1, -1)), 1))  # (h, K w, 3)
    return torch.cat(rows)[None]
