"""A pose video that is no DensePose in MagicAnimate's colours is refused before any work: a film, a photo, a skeleton."""

import numpy as np
from torch import Tensor

from ..media.densepose import ANY_COLOURS, BACKGROUND, PART_COLOURS
from ..media.images import check_finite, check_image, to_levels
from .recognition import LOOKED_SIDE, clause, tell

FRAMES = 8  # that are looked at, spread over the clip
NEAR_LEVELS = 24  # grey levels
OTHER_COLOURS = "; for a ControlNet of other pictures set pose_colours to any"  # for who has that option
SURE_OF_FORM = 0.6  # of confidence in another form
LEAST_PART_SHARE = 0.25  # of the pixels: DensePose clips have 0.97 and more, films, photos and skeletons at most 0.08


def looked_at(frames: int) -> list[int]:
    """Returns the numbers of the frames of a clip that are looked at, both ends among them."""
    return sorted({round(i * (frames - 1) / max(1, FRAMES - 1)) for i in range(FRAMES)})


def check_pose_video(poses: Tensor, colours: str, name: str = "pose_video") -> None:
    """Raises ValueError unless poses (F, H, W, 3), RGB in [0, 1], are images of finite numbers, and DensePose where
    `colours` says so.

    colours: as the option pose_colours.
    """
    check_image(poses, name)
    check_finite(poses, name)
    if colours != ANY_COLOURS:
        check_colours(poses[looked_at(len(poses))], name)


def check_parts(poses: Tensor, name: str) -> None:
    """Raises ValueError unless poses (F, H, W, 3), RGB in [0, 1], show DensePose's parts: for who can use nothing else."""
    check_pose_video(poses, ANY_COLOURS, name)
    check_colours(poses[looked_at(len(poses))], name, way_out="")


def check_colours(poses: Tensor, name: str, way_out: str = OTHER_COLOURS) -> None:
    """Raises ValueError unless the frames (F, H, W, 3), RGB in [0, 1], are DensePose in MagicAnimate's colours.

    way_out: what else may be done, as what goes on after the sentence.
    """
    stride = -(-max(poses.shape[1:3]) // LOOKED_SIDE)
    levels = to_levels(poses[:, ::stride, ::stride])
    share = part_share(levels)
    if share < LEAST_PART_SHARE or _is_another_form(levels):  # backgrounds of some lie near a part's colour
        what = _what_it_is(levels, share)
        raise ValueError(f"{name} {what}{way_out}.")


def part_share(poses: np.ndarray) -> float:
    """Returns the share of pixels of (F, H, W, 3) uint8 RGB that have about the colour of a part or of the background."""
    parts = PART_COLOURS.astype(np.int16)  # (25, 3)
    near = [(np.abs(frame[..., None, :].astype(np.int16) - parts).max(-1) <= NEAR_LEVELS).any(-1).mean() for frame in poses]
    return float(np.mean(near))


def _is_another_form(poses: np.ndarray) -> bool:
    """Whether frames (F, H, W, 3) are DensePose for sure, but in other colours."""
    found, _ = tell(poses)
    return found is not None and not found.form.is_ours and found.confidence >= SURE_OF_FORM


def _what_it_is(poses: np.ndarray, share: float) -> str:
    """A clause about frames (F, H, W, 3) of which too few pixels have a part's colour."""
    return clause(poses) or (
        f"is not DensePose in MagicAnimate's colours (viridis of part number x 255 / 24, background {BACKGROUND}): "
        f"{share:.0%} of its pixels have such colours, expected {LEAST_PART_SHARE:.0%} and more"
    )
