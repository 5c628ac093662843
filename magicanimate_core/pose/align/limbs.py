"""A DensePose map as limbs: both halves of each, which limb hangs on which, and no seams of blurred colours."""

import numpy as np

from ...media.densepose import nearest_parts

TORSO, HEAD = 1, 2
UPPER_ARMS, LOWER_ARMS, HANDS = (3, 4), (5, 6), (7, 8)  # left, right
UPPER_LEGS, LOWER_LEGS, FEET = (9, 10), (11, 12), (13, 14)
LIMBS = 15  # with the background, 0
PARENT = (0, 0, 1, 1, 1, 3, 4, 5, 6, 1, 1, 9, 10, 11, 12)  # the limb it hangs on
PAIRS = (UPPER_ARMS, LOWER_ARMS, HANDS, UPPER_LEGS, LOWER_LEGS, FEET)
FRONT, BACK = (2, 9, 10, 13, 14), (1, 7, 8, 11, 12)  # parts that tell from which side somebody is seen
_PARTS = {
    TORSO: (1, 2), HEAD: (23, 24), 3: (15, 17), 4: (16, 18), 5: (19, 21), 6: (20, 22), 7: (4,), 8: (3,),
    9: (8, 10), 10: (7, 9), 11: (12, 14), 12: (11, 13), 13: (5,), 14: (6,),
}  # fmt: skip
LIMB_OF = np.zeros(25, np.uint8)  # by part
for _limb, _parts in _PARTS.items():
    LIMB_OF[list(_parts)] = _limb
_UNKNOWN = 255
_DEEP = 3  # pixels on either side of a seam that a codec or a resize may have blurred


def limb_map(frame: np.ndarray) -> np.ndarray:
    """Returns the limb of every pixel (H, W) uint8 of a DensePose frame (H, W, 3) uint8, in this model's colours."""
    parts, distance = nearest_parts(frame)
    limbs = LIMB_OF[parts]
    return without_seams(limbs) if distance.any() else limbs


def without_seams(limbs: np.ndarray) -> np.ndarray:
    """Gives what is too thin for a limb, as between two blurred colours, to the limbs (H, W) around it."""
    core = _reach(limbs, np.maximum) == _reach(limbs, np.minimum)  # 3 x 3 pixels of one limb
    known = _grown(limbs, core)
    out = np.where(known, limbs, _UNKNOWN)
    for _ in range(_DEEP):
        out = _spread(out)
    return np.where(out == _UNKNOWN, limbs, out)


def _reach(limbs: np.ndarray, extreme: np.ufunc) -> np.ndarray:
    """Largest or smallest limb among 3 x 3 pixels, (H, W)."""
    wide = np.pad(limbs, 1, mode="edge")
    rows = extreme(extreme(wide[:-2], wide[1:-1]), wide[2:])
    return extreme(extreme(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _grown(limbs: np.ndarray, core: np.ndarray) -> np.ndarray:
    """Whether a pixel lies in 3 x 3 pixels of its limb, (H, W) bool."""
    return _reach(np.where(core, limbs + 1, 0).astype(np.uint8), np.maximum) == limbs + 1 if core.any() else core


def _spread(limbs: np.ndarray) -> np.ndarray:
    """Unknown pixels (H, W) take the limb of a neighbour that is known."""
    out, wide = limbs.copy(), np.pad(limbs, 1, mode="edge")
    for near in (wide[1:-1, :-2], wide[1:-1, 2:], wide[:-2, 1:-1], wide[2:, 1:-1]):
        out = np.where(out == _UNKNOWN, near, out)
    return out


def front_share(frame: np.ndarray, mask: np.ndarray) -> float:
    """Returns how much of a figure (mask (H, W)) of a frame (H, W, 3) is seen from the front, 0..1; nan: cannot be told."""
    counts = np.bincount(nearest_parts(frame[mask])[0], minlength=25)
    front, back = counts[list(FRONT)].sum(), counts[list(BACK)].sum()
    return float(front / (front + back)) if front + back else float("nan")
