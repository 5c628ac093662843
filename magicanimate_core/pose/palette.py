"""Whether frames (n, H, W, 3) uint8 are DensePose in MagicAnimate's colours, and what they look like if not."""

import cv2
import numpy as np

from ..media.densepose import PART_COLOURS, nearest_parts, paint

NEAR = 30  # grey levels; of a compressed clip, only the seams between parts are farther from every part's colour
SURE = 12  # grey levels; so close, the codec has hardly changed a colour


def _distances(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest part, and the largest difference over channels from its colour, (n, H, W) each."""
    parts, _ = nearest_parts(poses)
    return parts, np.abs(poses.astype(np.int16) - PART_COLOURS[parts]).max(-1)


def stray(poses: np.ndarray) -> float:
    """Share of the pixels off the background that are far from every part's colour, 0..1."""
    parts, distance = _distances(poses)
    far = distance > NEAR
    return float(far.sum() / max(1, (far | (parts > 0)).sum()))


def person(poses: np.ndarray) -> float:
    """Share of pixels that show a body part, 0..1."""
    parts, distance = _distances(poses)
    return float(((parts > 0) & (distance <= NEAR)).mean())


def is_exact(poses: np.ndarray) -> bool:
    """Whether there are only the parts' own colours."""
    return not _distances(poses)[1].any()


def palette_problem(poses: np.ndarray, tolerance: float) -> str | None:
    """What is wrong with the colours, as a clause; None if at most the share `tolerance` strays from the 25 parts."""
    share = stray(poses)
    if share <= tolerance:
        return None
    for looks, test in _GUESSES:
        if test(poses, tolerance):
            return f"looks like {looks} ({share:.0%} of its figure has colours of no body part)"
    return (
        f"is not DensePose in MagicAnimate's colours: {share:.0%} of its figure has colours of no body part, "
        f"at most {tolerance:.0%} may (viridis of part number x 255 / 24, background 68, 1, 84)"
    )


def _bgr(poses: np.ndarray, tolerance: float) -> bool:
    return stray(poses[..., ::-1]) <= tolerance


def _on_black(poses: np.ndarray, tolerance: float) -> bool:
    black = poses.max(-1, keepdims=True) <= NEAR
    return _mostly_black(poses) and stray(np.where(black, PART_COLOURS[0], poses)) <= tolerance


def _mostly_black(poses: np.ndarray) -> bool:
    return float((poses.max(-1) <= NEAR).mean()) > 0.3


def _part_numbers(poses: np.ndarray, tolerance: float) -> bool:
    """Grey 0..24."""
    return 4 <= int(poses.max()) <= 32 and int(np.ptp(poses.astype(np.int16), axis=-1).max()) <= 8


def _black(poses: np.ndarray, tolerance: float) -> bool:
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
    """Thin, strong, rainbow-coloured lines on black."""
    figure = poses[poses.max(-1) > NEAR]
    thin = len(figure) < 0.25 * poses[..., 0].size
    return _mostly_black(poses) and thin and len(figure) > 0 and float(np.median(np.ptp(figure, axis=-1))) > 100


_GUESSES = (
    ("BGR: swap red and blue", _bgr),
    ("part numbers, not colours: paint them with viridis of number x 255 / 24", _part_numbers),
    ("black frames, in which nobody was found", _black),
    ("the right colours on black: make the background (68, 1, 84)", _on_black),
    ("DensePose IUV: paint its part numbers with viridis of number x 255 / 24", _iuv),
    ("an OpenPose skeleton: MagicAnimate needs DensePose", _skeleton),
)


def snap(poses: np.ndarray) -> np.ndarray:
    """The parts' own colours everywhere. Blurred seams take the part that most of the sure pixels around them have."""
    parts, distances = _distances(poses)
    return paint(np.stack([_spread(*frame) for frame in zip(parts, distances <= SURE, strict=True)]))


def _spread(parts: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Parts (H, W) in which unsure pixels follow their sure neighbours; three pixels deep, then the nearest colour stays."""
    for _ in range(3):
        votes, winner = np.zeros(parts.shape, np.float32), parts.copy()
        for part in np.unique(parts[sure]):
            share = cv2.blur((sure & (parts == part)).astype(np.float32), (3, 3))
            better = (share > votes) & ~sure
            votes[better], winner[better] = share[better], part
        parts, sure = winner, sure | (votes > 0)
    return parts
