"""The pack's icon and banner for the registry, drawn by the world of dancers:  python -m scripts.brand"""

import numpy as np

from magicanimate_core.dancers import clip
from magicanimate_core.dancers.world import Frame
from magicanimate_core.media.densepose import paint
from magicanimate_core.media.writing import write_picture

from .comfyui import PACK
from .demo_inputs import CHOSEN

ICON, BANNER = 400, (540, 1260)  # pixels: at most 400 x 400, square; 21 to 9, height and width
POSES = (0, 8, 20, 32)  # frames of the banner


def main() -> None:
    write_picture(PACK / "docs" / "icon.png", icon())
    write_picture(PACK / "docs" / "banner.png", banner())


def icon() -> np.ndarray:
    """Returns the dancer, left as the pose and right as the picture, (ICON, ICON, 3) uint8."""
    shown = clip(CHOSEN[1], "held_out", height=ICON, width=ICON).frame(8)
    left = np.arange(ICON)[None, :, None] < _middle(shown)
    return np.where(left, paint(shown.parts), shown.image)


def banner() -> np.ndarray:
    """Returns a photo, poses, and the dancer in them, side by side, (*BANNER, 3) uint8."""
    height, width = BANNER
    columns = 1 + len(POSES)
    dancer = clip(CHOSEN[1], "held_out", height=height, width=height)
    frames = [dancer.dancing(1000 + CHOSEN[1]).frame(0), *(dancer.frame(number) for number in POSES)]
    panels = [_panel(frame, width // columns, height, pose=number > 0) for number, frame in enumerate(frames)]
    return np.concatenate(panels, 1)


def _panel(frame: Frame, width: int, height: int, pose: bool) -> np.ndarray:
    """A frame cut round its person, (height, width, 3); pose: above what it shows, below the pose fades in."""
    left = int(np.clip(_middle(frame) - width // 2, 0, frame.image.shape[1] - width))
    image, parts = (whole[:, left : left + width] for whole in (frame.image, paint(frame.parts)))
    if not pose:
        return image
    slope = np.arange(height)[:, None, None] * 0.35 + np.arange(width)[None, :, None]  # (height, width, 1)
    return np.where(slope < (width + 0.35 * height) / 2, parts, image)


def _middle(frame: Frame) -> int:
    """The column in the middle of the person's torso."""
    return int(np.median(np.nonzero(frame.mask)[1]))


if __name__ == "__main__":
    main()
