"""What looks wrong about a plan, before hours are spent on it: a sentence each, with what to do."""

from collections.abc import Callable, Iterator

from torch import Tensor

from ..media.densepose import DENSEPOSE_COLOURS
from ..media.images import nearest_multiple
from ..method.motion_module import MAX_FRAMES
from ..pose.colours import check_pose_video
from .plan import Plan

TRAINED = 512  # pixels a side of the published weights
FAR = 2  # times as many pixels, or as few
MUCH = 0.2  # of a picture, lost or squeezed


def concerns(plan: Plan) -> list[str]:
    """Returns the sentences, what weighs most first; none for a plan as the published one."""
    return [sentence for look in _LOOKS for sentence in look(plan)]


def picture_concerns(plan: Plan, pose_video: Tensor, photo: Tensor | None, fit: str) -> list[str]:
    """Returns sentences about poses (F, H, W, 3) and a photo (1, H', W', 3) that are brought to the plan's size."""
    found = []
    try:
        check_pose_video(pose_video, DENSEPOSE_COLOURS)
    except ValueError as error:
        found.append(f"As it is, Animate refuses the clip: {error}")
    pictures = {"pose_video": pose_video} | ({} if photo is None else {"reference_image": photo})
    for name, picture in pictures.items():
        found += _fit(name, picture.shape[2], picture.shape[1], plan, fit)
    return found


def _fit(name: str, width: int, height: int, plan: Plan, fit: str) -> Iterator[str]:
    """What is lost of a picture of other proportions."""
    proportions = sorted((width / height, plan.width / plan.height))
    lost = 1 - proportions[0] / proportions[1]
    if lost < MUCH:
        return
    what = {
        "crop": f"{lost:.0%} of it is cut off",
        "stretch": f"it is squeezed by a factor of {proportions[1] / proportions[0]:.2g}",
        "pad": f"{lost:.0%} of the frame is border",
    }
    side = nearest_multiple(round(plan.width * height / width))
    yield (
        f"{name} is {width} x {height}, the animation {plan.width} x {plan.height}, so {what[fit]}: choose another fit, or "
        f"a size like {plan.width} x {side}."
    )


def _missed(plan: Plan) -> Iterator[str]:
    if plan.missed:
        yield (
            f"{len(plan.missed)} frames, the first of them {min(plan.missed)}, are in no window at some step and cannot be "
            "denoised there: choose another context_schedule, or less context_stride."
        )


def _one_frame(plan: Plan) -> Iterator[str]:
    if plan.frames == 1:
        yield "The pose video has one frame, so nothing will move: connect a clip."


def _long_window(plan: Plan) -> Iterator[str]:
    if plan.length > MAX_FRAMES:
        yield (
            f"context_length is {plan.length}, but the published motion module knows positions for {MAX_FRAMES} frames: "
            f"with it the run is refused; set context_length to {MAX_FRAMES} or less."
        )


def _no_overlap(plan: Plan) -> Iterator[str]:
    if len(plan.windows) > 1 and max(plan.shared) == 1 and not plan.moves:
        frame = plan.windows[1][0]
        yield (
            f"No frame is shared by two windows, so the clip may jump where one ends (first at frame {frame}): "
            "set context_overlap to 4 or so."
            if plan.overlap == 0
            else f"{plan.schedule} windows share no frame, so the clip may jump where one ends (first at frame {frame}): "
            "choose another context_schedule."
        )


def _mostly_padding(plan: Plan) -> Iterator[str]:
    if plan.frames > 1 and 2 * plan.padded > plan.length:
        fewer, more = plan.total - plan.length, plan.total
        other = f"cut the clip to {fewer} frames, or bring {more}" if fewer else f"bring {more} frames"
        yield (
            f"{plan.padded} of the {plan.total} frames are padding, the last pose held still, and thrown away in the end: "
            f"{other}, or take paper or standard_static windows."
        )


def _mostly_wrapped(plan: Plan) -> Iterator[str]:
    """Windows that are not asked to be a ring, but whose end is filled up."""
    window = plan.windows[-1]
    extra = len(window) - len(set(window)) if plan.frames < plan.length else sum(frame < window[0] for frame in window)
    if plan.schedule == "paper" and 2 * extra > len(window):
        yield (
            f"{extra} of the {len(window)} frames of the last window are the first frames of the clip again, to fill it: "
            "the end may resemble the beginning, and standard_static windows don't do that."
        )


def _size(plan: Plan) -> Iterator[str]:
    share = plan.width * plan.height / TRAINED**2
    if not 1 / FAR <= share <= FAR:
        yield (
            f"{plan.width} x {plan.height} is {'far more' if share > 1 else 'far less'} than the {TRAINED} x {TRAINED} that "
            "the published weights were trained for: faces and hands suffer."
        )


_LOOKS: tuple[Callable[[Plan], Iterator[str]], ...] = (
    _missed, _one_frame, _long_window, _no_overlap, _mostly_padding, _mostly_wrapped, _size,
)  # fmt: skip
