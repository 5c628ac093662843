"""Tells whether frames are DensePose in MagicAnimate's colours and what they are if not, and repairs blurred ones.

Frames are (F, H, W, 3) uint8 RGB.
"""

from collections.abc import Callable

import numpy as np

from ..media.densepose import BACKGROUND, nearest_parts, paint

NEAR = 30  # grey levels; of a compressed clip, only the seams between parts are farther from every part's colour
SURE = 12  # grey levels; so close, the codec has hardly changed a colour


def stray_share(poses: np.ndarray) -> float:
    """Returns the share of the pixels off the background that are far from every part's colour, 0..1."""
    parts, distance = nearest_parts(poses)  # (F, H, W) each
    far = distance > NEAR
    return float(far.sum() / max(1, (far | (parts > 0)).sum()))


def body_share(poses: np.ndarray) -> float:
    """Returns the share of pixels that show a body part, 0..1."""
    parts, distance = nearest_parts(poses)  # (F, H, W) each
    return float(((parts > 0) & (distance <= NEAR)).mean())


def is_exact(poses: np.ndarray) -> bool:
    """Tells whether every pixel of (F, H, W, 3) has exactly a part's colour."""
    return not nearest_parts(poses)[1].any()


def palette_problem(poses: np.ndarray, tolerance: float) -> str | None:
    """Returns what is wrong with colours (F, H, W, 3), a clause; None if at most the share `tolerance` is of no part."""
    share = stray_share(poses)
    if share <= tolerance:
        return None
    form = other_form(poses, tolerance)
    if form is not None:
        return f"looks like {form} ({share:.0%} of its figure has colours of no body part)"
    return (
        f"is not DensePose in MagicAnimate's colours: {share:.0%} of its figure has colours of no body part, "
        f"at most {tolerance:.0%} may (viridis of part number x 255 / 24, background {BACKGROUND})"
    )


def other_form(poses: np.ndarray, tolerance: float) -> str | None:
    """Returns what frames (F, H, W, 3) in other colours look like, and what to do; None if they look like nothing known."""
    return next((form for form, test in _OTHER_FORMS if test(poses, tolerance)), None)


def _bgr(poses: np.ndarray, tolerance: float) -> bool:
    """The right colours (F, H, W, 3) with red for blue."""
    return stray_share(poses[..., ::-1]) <= tolerance


def _on_black(poses: np.ndarray, tolerance: float) -> bool:
    """The right colours (F, H, W, 3) but for the background."""
    black = poses.max(-1, keepdims=True) <= NEAR
    return _mostly_black(poses) and stray_share(np.where(black, np.array(BACKGROUND, np.uint8), poses)) <= tolerance


def _mostly_black(poses: np.ndarray) -> bool:
    """(F, H, W, 3)"""
    return float((poses.max(-1) <= NEAR).mean()) > 0.3


def _part_numbers(poses: np.ndarray, tolerance: float) -> bool:
    """Grey 0..24, (F, H, W, 3)."""
    return 4 <= int(poses.max()) <= 32 and int(np.ptp(poses.astype(np.int16), axis=-1).max()) <= 8


def _black(poses: np.ndarray, tolerance: float) -> bool:
    """Nothing else, (F, H, W, 3)."""
    return int(poses.max()) <= NEAR


def _iuv(poses: np.ndarray, tolerance: float) -> bool:
    """One channel holds part numbers 1..24, the two others coordinates up to 255. Black around."""
    figure = poses[poses.max(-1) > NEAR]  # (pixels, 3)
    if not _mostly_black(poses) or len(figure) == 0:
        return False
    numbers = np.percentile(figure, 75, axis=0).argmin()  # of the channels
    coordinates = np.delete(figure, numbers, axis=1)
    return 1 <= np.median(figure[:, numbers]) <= 32 and float(np.median(coordinates, axis=0).min()) > 60


def _skeleton(poses: np.ndarray, tolerance: float) -> bool:
    """Thin, strong, rainbow-coloured lines on black, (F, H, W, 3)."""
    figure = poses[poses.max(-1) > NEAR]
    thin = len(figure) < 0.25 * poses[..., 0].size
    return _mostly_black(poses) and thin and len(figure) > 0 and float(np.median(np.ptp(figure, axis=-1))) > 100


_OTHER_FORMS: tuple[tuple[str, Callable[[np.ndarray, float], bool]], ...] = (  # asked in this order
    ("BGR: swap red and blue", _bgr),
    ("part numbers, not colours: paint them with viridis of number x 255 / 24", _part_numbers),
    ("black frames, in which nobody was found", _black),
    (f"the right colours on black: make the background {BACKGROUND}", _on_black),
    ("DensePose IUV: paint its part numbers with viridis of number x 255 / 24", _iuv),
    ("an OpenPose skeleton: MagicAnimate needs DensePose", _skeleton),
)


def snap(poses: np.ndarray) -> np.ndarray:
    """Gives every pixel exactly a part's colour, (F, H, W, 3). Blurred seams take the part most frequent around them."""
    parts, distance = nearest_parts(poses)
    return paint(np.stack([_spread(*frame) for frame in zip(parts, distance <= SURE, strict=True)]))


def _spread(parts: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Parts (H, W) in which unsure pixels follow their sure neighbours; three pixels deep, then the nearest colour stays."""
    for _ in range(3):
        votes, winner = np.zeros(parts.shape, np.uint8), parts.copy()
        for part in np.unique(parts[sure]):
            count = _neighbours(sure & (parts == part))
            better = (count > votes) & ~sure
            votes[better], winner[better] = count[better], part
        parts, sure = winner, sure | (votes > 0)
    return parts


def _neighbours(mask: np.ndarray) -> np.ndarray:
    """How many of the 3 x 3 pixels around each are true, (H, W) uint8; beyond its borders the mask (H, W) is mirrored."""
    padded = np.pad(mask, 1, mode="reflect").astype(np.uint8)
    rows = padded[:-2] + padded[1:-1] + padded[2:]  # (H, W + 2)
    return rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
