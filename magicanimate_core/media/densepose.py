"""DensePose part maps and their colours: the 24 body parts as viridis, the way MagicAnimate's clips show them.

Part i has the viridis colour of trunc(i * 255 / 24); part 0 is the background. Sides are the person's own.
"""

from functools import cache

import numpy as np

Rgb = tuple[int, int, int]  # 0..255 each
_TABLE: tuple[tuple[str, Rgb], ...] = (
    ("background", (68, 1, 84)),
    ("torso, back", (71, 16, 99)),
    ("torso, front", (72, 31, 112)),
    ("right hand", (71, 44, 122)),
    ("left hand", (68, 57, 131)),
    ("left foot", (64, 70, 136)),
    ("right foot", (59, 81, 139)),
    ("right upper leg, back", (54, 93, 141)),
    ("left upper leg, back", (49, 104, 142)),
    ("right upper leg, front", (44, 113, 142)),
    ("left upper leg, front", (40, 124, 142)),
    ("right lower leg, back", (37, 133, 142)),
    ("left lower leg, back", (33, 144, 141)),
    ("right lower leg, front", (31, 154, 138)),
    ("left lower leg, front", (32, 163, 134)),
    ("left upper arm, inside", (39, 173, 129)),
    ("right upper arm, inside", (53, 183, 121)),
    ("left upper arm, outside", (70, 192, 111)),
    ("right upper arm, outside", (92, 200, 99)),
    ("left lower arm, inside", (115, 208, 86)),
    ("right lower arm, inside", (142, 214, 69)),
    ("left lower arm, outside", (170, 220, 50)),
    ("right lower arm, outside", (197, 224, 33)),
    ("head, right", (226, 228, 24)),
    ("head, left", (253, 231, 37)),
)
PART_NAMES: tuple[str, ...] = tuple(name for name, _ in _TABLE)
PART_COLOURS: np.ndarray = np.array([colour for _, colour in _TABLE], np.uint8)  # (25, 3) RGB
PART_COLOURS.setflags(write=False)
BACKGROUND: Rgb = _TABLE[0][1]
DENSEPOSE_COLOURS, ANY_COLOURS = "densepose", "any"  # what the colours of a pose video may be (option pose_colours)
AUTO_FORM, OUR_FORM = "auto", "viridis"  # a form that is to be recognised, and the one that the weights were trained on
POSE_FORMS = (  # how people save the parts (option form): palettes as pose/forms.py has them
    *(f"{name}{swapped}" for name in (
        "viridis", "viridis_black", "viridis_grey", "parula", "parula_black", "parula_grey", "inferno",
    ) for swapped in ("", "_bgr")),
    "iuv", "vui", "numbers",
)  # fmt: skip
_BITS = 6  # bits per channel of the lookup: cells of 4 grey levels; neighbouring parts differ by 9 and more


def paint(parts: np.ndarray) -> np.ndarray:
    """Returns the colours of part indices (...) in 0..24, RGB uint8 (..., 3)."""
    return np.take(PART_COLOURS, parts, axis=0)  # a quarter of the time that PART_COLOURS[parts] takes


@cache
def _nearest_table() -> np.ndarray:
    """Part nearest to the middle of each cell of the RGB cube, (64 * 64 * 64,) uint8."""
    middles = np.arange(1 << _BITS, dtype=np.int32) * (1 << 8 - _BITS) + (1 << 7 - _BITS)
    red, green, blue = ((middles[:, None] - PART_COLOURS[:, c].astype(np.int32)) ** 2 for c in range(3))  # (64, 25) each
    plane = green[:, None] + blue[None]  # (64, 64, 25)
    return np.stack([(plane + row).argmin(-1) for row in red]).astype(np.uint8).ravel()


def nearest_parts(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the parts of the nearest colours, uint8 (...), for RGB uint8 (..., 3), and how far the pixels are from them.

    The distance, int16 (...), is the largest difference over the channels, in grey levels 0..255.
    """
    cell = (rgb >> (8 - _BITS)).astype(np.int32)
    parts = _nearest_table()[(cell[..., 0] << 2 * _BITS) + (cell[..., 1] << _BITS) + cell[..., 2]]
    return parts, np.abs(rgb.astype(np.int16) - PART_COLOURS[parts]).max(-1)
