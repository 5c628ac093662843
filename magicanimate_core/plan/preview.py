"""A plan and its pictures, as somebody looks at them: one picture, and words."""

import torch
from torch import Tensor

from .concerns import concerns, picture_concerns
from .overlay import pose_over_photo, thumbnail_size
from .picture import PHOTO, draw
from .plan import Plan
from .report import report


def preview(plan: Plan, pose_video: Tensor, photo: Tensor | None, fit: str) -> tuple[Tensor, str]:
    """Returns a picture of the plan (1, h, w, 3) in [0, 1], and the report.

    pose_video: (F, H, W, 3), photo: (1, H', W', 3) or None, RGB in [0, 1]; fit: how both get to the plan's size.
    """
    wrong = [*picture_concerns(plan, pose_video, photo, fit), *concerns(plan)]
    size = thumbnail_size(plan.width, plan.height, PHOTO)
    places = {"first pose": pose_video[:1], "last pose": pose_video[-1:]}
    shown = [(caption, pose_over_photo(pose, photo, size, fit)) for caption, pose in places.items()]
    picture = torch.from_numpy(draw(plan, shown, wrong).copy())[None]  # (1, h, w, 3) uint8
    return picture.float() / 255, report(plan, wrong)
