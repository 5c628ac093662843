"""Makes the pictures of the nodes' help pages:  python -m scripts.help_pictures [NODE ...]

One for each node, still or moving, of the demo model and drawn dancers (some minutes on two cores). They hold no words but
those that a node draws itself, for they stand on the pages of all languages.
"""

import sys
from collections.abc import Callable
from itertools import repeat

import cv2
import numpy as np

from magicanimate_core.media.densepose import paint
from magicanimate_core.method.ip_adapter import VECTOR_TOKENS
from magicanimate_core.pose.align.fit import fit_alignment
from magicanimate_core.pose.palettes import PARULA

from .demo import SIZE
from .demo_inputs import CHOSEN
from .elsewhere import OTHER, PERSON, write_webp
from .help_stills import PLAN_FRAMES, drawn_comparison, drawn_noise, drawn_plan, drawn_timesteps, drawn_windows
from .help_tables import PICTURES, picture_of
from .thumbnails import (
    BEST,
    STRIDE,
    WINDOW_SHOWN,
    Animator,
    cut_to,
    demo_model,
    demo_pair,
    drawn_clip,
    parts_painted,
    pictures_of,
)  # fmt: skip

FRAMES, PAGE_WIDTH = STRIDE * WINDOW_SHOWN, 576  # of a clip; pixels
Panels = list[np.ndarray]  # pictures (H, W, 3), or one a frame (F, H, W, 3), uint8


def row(panels: Panels) -> Panels:
    """Panels side by side, frame by frame, none wider than a page shows it."""
    count = max(len(panel) for panel in panels if panel.ndim == 4)
    frames = [np.hstack([panel if panel.ndim == 3 else panel[i] for panel in panels]) for i in range(count)]
    wide = min(PAGE_WIDTH, SIZE * len(panels))
    return [cut_to(frame, wide, wide // len(panels)) for frame in frames]


def pair(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo of a demo dancer and every second pose of their motion."""
    photo, poses = demo_pair(number, FRAMES)
    return photo, poses[::STRIDE]


def dance(number: int) -> Callable[[Animator], Panels]:
    def make(animate: Animator) -> Panels:
        photo, poses = pair(number)
        return row([photo, poses, animate(photo, poses)])

    return make


def two_photos(animate: Animator) -> Panels:
    (one, poses), (other, _) = pair(BEST), pair(1)
    return row([one, animate(one, poses), other, animate(other, poses)])


def two_motions(animate: Animator) -> Panels:
    (photo, one), (_, other) = pair(1), pair(BEST)
    return row([one, animate(photo, one), other, animate(photo, other)])


def without(**changes: object) -> Callable[[Animator], Panels]:
    """Photo, what comes out, and what comes out where something is left out."""

    def make(animate: Animator) -> Panels:
        photo, poses = pair(BEST)
        return row([photo, animate(photo, poses), animate(photo, poses, **changes)])

    return make


def without_photo(animate: Animator) -> Panels:
    photo, poses = pair(BEST)
    return row([photo, animate(photo, poses), animate(None, poses)])


def film_and_poses(index: int) -> Callable[[Animator], Panels]:
    def make(_: Animator) -> Panels:
        film = drawn_clip(index, FRAMES)
        return row([pictures_of(film), parts_painted(film)])

    return make


def other_colours(_: Animator) -> Panels:
    parts = np.stack([frame.parts for frame in drawn_clip(PERSON, FRAMES)])[::STRIDE]
    return row([PARULA[parts], paint(parts)])


def aligned(_: Animator) -> Panels:
    photo, poses = drawn_clip(OTHER, 1).dancing(5000).frame(0), parts_painted(drawn_clip(PERSON, FRAMES))
    fitted = fit_alignment(poses, paint(photo.parts))
    return row([photo.image, poses, np.stack([fitted.apply(pose) for pose in poses])])


def few_tokens(_: Animator) -> Panels:
    """A scheme: the photo, and as many patches as a plain IP-Adapter makes tokens of it."""
    photo, _ = demo_pair(BEST, 1)
    side = int(VECTOR_TOKENS**0.5)
    patches = cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA)
    return [np.hstack([photo, cv2.resize(patches, photo.shape[1::-1], interpolation=cv2.INTER_NEAREST)])]


def plan(_: Animator) -> Panels:
    return [drawn_plan(*demo_pair(1, PLAN_FRAMES))]


def compared(animate: Animator) -> Panels:
    return [drawn_comparison(animate(*pair(BEST)), pictures_of(drawn_clip(CHOSEN[BEST - 1], FRAMES)))]


def still(draw: Callable[[], np.ndarray]) -> Callable[[Animator], Panels]:
    return lambda _: [draw()]


def demo_inputs(_: Animator) -> Panels:
    photos, poses = zip(*map(pair, range(1, len(CHOSEN) + 1)), strict=True)
    frames = [np.vstack(rows) for rows in zip(repeat(np.hstack(photos)), row(list(poses)), strict=False)]
    return [cut_to(frame, 432, 288) for frame in frames]


MAKERS: dict[str, Callable[[Animator], Panels]] = {
    "MagicAnimateAlignPose": aligned,
    "MagicAnimateAnimate": dance(BEST),
    "MagicAnimateAppearanceEncoderLoader": without_photo,
    "MagicAnimateApplyPose": two_motions,
    "MagicAnimateApplyReference": two_photos,
    "MagicAnimateContextWindows": still(drawn_windows),
    "MagicAnimateDemoInputs": demo_inputs,
    "MagicAnimateDemoModel": dance(1),
    "MagicAnimateDensePose": film_and_poses(OTHER),
    "MagicAnimateDensePoseControlNetLoader": without(pose_strength=0.0),
    "MagicAnimateDensePoseModelLoader": film_and_poses(PERSON),
    "MagicAnimateEvaluate": compared,
    "MagicAnimateIPAdapterLoader": few_tokens,
    "MagicAnimatePlan": plan,
    "MagicAnimatePreparePose": other_colours,
    "MagicAnimateScheduler": still(drawn_timesteps),
    "MagicAnimateSharedNoise": still(drawn_noise),
    "MagicAnimateTemporalUNetLoader": without(temporal_attention=False),
}


def main() -> None:
    animate = demo_model()
    PICTURES.mkdir(exist_ok=True)
    for node in sys.argv[1:] or MAKERS:
        write_webp(picture_of(node), MAKERS[node](animate), STRIDE)


if __name__ == "__main__":
    main()
