"""Align Pose to Photo in the host: its images, its progress bar, its cancel button."""

from collections.abc import Iterator
from dataclasses import asdict

import comfy.model_management as mm
import comfy.utils
import numpy as np
import torch
from torch import Tensor

from ..media.densepose import DENSEPOSE_COLOURS
from ..options import Aligning
from ..pose.align.fit import fit_alignment
from ..pose.align.preview import preview
from ..pose.colours import check_pose_video


def check_poses(pose_video: Tensor, photo_pose: Tensor) -> None:
    """Raises ValueError unless both (F, H, W, 3) are DensePose in this model's colours, and photo_pose one picture."""
    check_pose_video(pose_video, DENSEPOSE_COLOURS)
    check_pose_video(photo_pose, DENSEPOSE_COLOURS, "photo_pose")
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

    fitted = fit_alignment(_levels(pose_video), next(_levels(photo_pose)), tick=tick, **asdict(options))
    first = fitted.apply(next(_levels(pose_video)))
    shown = torch.from_numpy(preview(fitted.photo, first))[None].float() / 255
    if fitted.is_nothing:
        return pose_video[..., :3], fitted.report, shown
    aligned = torch.empty(*pose_video.shape[:3], 3)
    for number, frame in enumerate(_levels(pose_video)):
        aligned[number] = torch.from_numpy(fitted.apply(frame)).float() / 255
        tick()
    return aligned, fitted.report, shown


def _levels(images: Tensor) -> Iterator[np.ndarray]:
    """(H, W, 3) uint8 of images (F, H, W, 3 or more), one after the other."""
    for image in images:
        yield (image[..., :3].float().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
