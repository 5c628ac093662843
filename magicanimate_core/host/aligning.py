"""Align Pose to Photo in the host: its images, its progress bar, its cancel button."""

from dataclasses import asdict

import comfy.model_management as mm
import comfy.utils
import torch
from torch import Tensor

from ..media.images import to_levels
from ..options import Aligning
from ..pose.align.fit import fit_alignment
from ..pose.align.preview import outlined
from ..pose.colours import check_parts


def check_poses(pose_video: Tensor, photo_pose: Tensor) -> None:
    """Raises ValueError unless both (F, H, W, 3) are DensePose in this model's colours, and photo_pose one picture."""
    check_parts(pose_video, "pose_video")
    check_parts(photo_pose, "photo_pose")
    if len(photo_pose) != 1:
        raise ValueError(f"photo_pose has {len(photo_pose)} images; expected one, the DensePose of the photo.")


def align_pose(pose_video: Tensor, photo_pose: Tensor, options: Aligning) -> tuple[Tensor, str, Tensor]:
    """Returns the aligned video (F, H, W, 3), a report, and a preview (1, H, W, 3). Images are float in [0, 1].

    Where nothing is to do, the video comes back as it is. Raises ValueError as check_poses.
    """
    check_poses(pose_video, photo_pose)
    bar = comfy.utils.ProgressBar(2 * len(pose_video))

    def tick() -> None:
        mm.throw_exception_if_processing_interrupted()
        bar.update(1)

    frames = map(to_levels, pose_video)
    fitted = fit_alignment(frames, to_levels(photo_pose[0]), tick=tick, **asdict(options))
    first = fitted.apply(to_levels(pose_video[0]), 0)
    shown = torch.from_numpy(outlined(fitted.photo, first))[None].float() / 255
    if fitted.is_nothing:
        return pose_video[..., :3], fitted.report, shown
    aligned = torch.empty(*pose_video.shape[:3], 3)
    for number, (frame, out) in enumerate(zip(pose_video, aligned, strict=True)):
        out.copy_(torch.from_numpy(fitted.apply(to_levels(frame), number)).float() / 255)
        tick()
    return aligned, fitted.report, shown
